import { InvalidArgumentError } from 'commander'

/** Three sets of timings, the same as Serf's. */
export type Profile = 'lan' | 'wan' | 'local'

/** What is simulated. The same options give the same figures. */
export interface SimulateOptions {
  /** Members of the cluster. 2 to 1,000. */
  readonly nodes: number
  /** Part of all datagrams that is lost, in percent. 0 to 90. */
  readonly lossPercent: number
  /**
   * Time that anything is under way between two members, one way, in the mean: each takes between
   * half of it and half as much again. 0 to 5,000.
   */
  readonly latencyMs: number
  readonly profile: Profile
  /** A whole number; everything random comes from it. */
  readonly seed: number
  /** The ring whose moves are worked out, if any. */
  readonly ring: { readonly partitions: number; readonly redundancy: number } | undefined
}

/** As the command line gives them, parsed by option. */
export interface SimulateFlags {
  readonly nodes: number
  readonly loss: number
  readonly latency?: number
  readonly profile: Profile
  readonly seed: number
  readonly partitions?: number
  readonly redundancy?: number
  readonly json?: boolean
}

export const PROFILES: readonly Profile[] = ['lan', 'wan', 'local']

/** Beyond, what every member knows of every other does not fit into the memory of a process. */
export const NODES_MAX = 1_000

/** One way, in milliseconds, as each profile is made for. */
const LATENCY_MS: Readonly<Record<Profile, number>> = { lan: 1, wan: 40, local: 0.1 }

const DEFAULT_PARTITIONS = 512
const DEFAULT_REDUNDANCY = 3

export function optionsOf(flags: SimulateFlags): SimulateOptions {
  const { nodes, loss, profile, seed, partitions, redundancy } = flags
  const hasRing = partitions !== undefined || redundancy !== undefined
  return {
    nodes,
    lossPercent: loss,
    latencyMs: flags.latency ?? LATENCY_MS[profile],
    profile,
    seed,
    ring: hasRing
      ? {
          partitions: partitions ?? DEFAULT_PARTITIONS,
          redundancy: redundancy ?? DEFAULT_REDUNDANCY,
        }
      : undefined,
  }
}

/** A parser of whole numbers, for commander. @throws {InvalidArgumentError} naming the range. */
export function whole(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= min && value <= max) return value
    throw new InvalidArgumentError(`It must be a whole number, ${count(min)} to ${count(max)}.`)
  }
}

/** A parser of decimal numbers, for commander. @throws {InvalidArgumentError} naming the range. */
export function decimal(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^\d+(\.\d+)?$/.test(text) && value >= min && value <= max) return value
    throw new InvalidArgumentError(`It must be a number, ${count(min)} to ${count(max)}.`)
  }
}

function count(value: number): string {
  return value.toLocaleString('en')
}
