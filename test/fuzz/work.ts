import { Reader } from '../../packages/libring/src/codec/reader.ts'
import { Pattern } from '../../packages/libring/src/pattern/pattern.ts'

/** What one input cost, counted. No clock has a part in it. */
export interface Work {
  /** Fields, and parts of fields, read off bytes. */
  reads: number
  /** Messages taken in, and faults found. */
  messages: number
  /** Things asked of the outside world. */
  effects: number
  /** Steps that patterns were allowed to take: instructions by characters. */
  patternSteps: number
  /** Bytes sent in answer or made to be sent. */
  bytesOut: number
}

export type WorkKind = keyof Work

export const WORK_KINDS: readonly WorkKind[] = [
  'reads',
  'messages',
  'effects',
  'patternSteps',
  'bytesOut',
]

export function noWork(): Work {
  return { reads: 0, messages: 0, effects: 0, patternSteps: 0, bytesOut: 0 }
}

/** Where reads and steps are counted. Whoever runs inputs sets it anew before each of them. */
export const meter: { work: Work } = { work: noWork() }

let isMetered = false

/** Count from now on, in this process. */
export function startMeter(): void {
  if (isMetered) return
  isMetered = true
  const reader = Reader.prototype
  for (const name of [
    'uint8',
    'uint16',
    'uint32',
    'uint64',
    'view',
    'skip',
    'peek',
    'skipIf',
  ] as const) {
    // oxlint-disable-next-line typescript/unbound-method -- it is called on its reader below
    const original = reader[name] as (this: Reader, ...given: unknown[]) => unknown
    Object.defineProperty(reader, name, {
      value(this: Reader, ...given: unknown[]) {
        meter.work.reads++
        return original.apply(this, given)
      },
    })
  }
  // oxlint-disable-next-line typescript/unbound-method -- likewise
  const { matches } = Pattern.prototype
  Pattern.prototype.matches = function (this: Pattern, text: string): boolean {
    meter.work.patternSteps += this.size * (text.length + 1)
    return matches.call(this, text)
  }
}
