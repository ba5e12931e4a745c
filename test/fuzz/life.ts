import type { Work } from './work.ts'

/** Inputs by what they are and how they come. */
export const KINDS = [
  'packet in clear',
  'packet compressed',
  'packet labelled',
  'packet sealed',
  'stream in clear',
  'stream compressed',
  'stream labelled',
  'stream sealed',
  'reply',
  'local call',
  'peer stream',
  'rpc',
  'ownership',
  'http mark',
  'snapshot line',
] as const

export type Kind = (typeof KINDS)[number]

/** Something that lives through inputs, one after the other. */
export interface Life {
  /** One more input, chosen by the dice. Its work is added to the meter. */
  step(): Kind
  /** Faults counted so far, by kind. */
  faults(): ReadonlyMap<string, number>
  /** How much it holds, by what it holds. */
  held(): Readonly<Record<string, number>>
}

/** Most that one input may cost, by kind of work. */
export type WorkLimits = Work

/** What may never be; told with the seed. */
export class Broken extends Error {}

export function demand(holds: boolean, what: string): void {
  if (!holds) throw new Broken(what)
}
