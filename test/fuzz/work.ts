import { Output } from '../../packages/libring/src/codec/lzw.ts'
import { Reader } from '../../packages/libring/src/codec/reader.ts'
import { Cursor } from '../../packages/libring/src/pattern/cursor.ts'
import { Pattern } from '../../packages/libring/src/pattern/pattern.ts'
import { Program } from '../../packages/libring/src/pattern/program.ts'
import { systemCipher } from '../../packages/libring/src/runtime/cipher.ts'
import { SimCipher } from '../../packages/libring/src/sim/cipher.ts'

/** What one input cost, counted as it is done. No clock has a part in it. */
export interface Work {
  /** Fields, and parts of fields, read off bytes. */
  reads: number
  /** Messages taken in, and faults found. */
  messages: number
  /** Things asked of the outside world. */
  effects: number
  /** Looks at characters of patterns that were taken apart. */
  patternReads: number
  /** Looks at instructions of patterns that were searched for. */
  patternSteps: number
  /** Bytes that came out of compressed ones, whether they were any use or not. */
  inflatedBytes: number
  /** Keys tried on something sealed. */
  opens: number
  /** Bytes sent in answer or made to be sent. */
  bytesOut: number
}

export type WorkKind = keyof Work

export function noWork(): Work {
  return {
    reads: 0,
    messages: 0,
    effects: 0,
    patternReads: 0,
    patternSteps: 0,
    inflatedBytes: 0,
    opens: 0,
    bytesOut: 0,
  }
}

export const WORK_KINDS = Object.keys(noWork()) as readonly WorkKind[]

/**
 * How often a character is looked at, at most, in taking a pattern apart. The worst is a parenthesis:
 * three times for whether it ends what came before, four for whether it repeats that, once to be
 * taken, and once for whether it makes the one before it special. One more for the end.
 */
export const READS_PER_CHARACTER = 10

/** How often an instruction is looked at for a character: when it is reached, and put to its test. */
export const STEPS_PER_INSTRUCTION = 2

/** Where work is counted. Whoever runs inputs sets it anew before each of them. */
export const meter: { work: Work } = { work: noWork() }

/** Up to where the pattern at hand may be read and searched for. Whatever has no end stops there. */
const allowed = { patternReads: Infinity, patternSteps: Infinity }

let isMetered = false

/** Count from now on, in this process. */
export function startMeter(): void {
  if (isMetered) return
  isMetered = true
  const reads = ['uint8', 'uint16', 'uint32', 'uint64', 'view', 'skip', 'peek', 'skipIf'] as const
  before(Reader.prototype, reads, () => meter.work.reads++)
  before(systemCipher, ['open'], () => meter.work.opens++)
  before(SimCipher.prototype, ['open'], () => meter.work.opens++)
  before(Cursor.prototype, ['peek'], () => step('patternReads'))
  before(Program.prototype, ['at'], () => step('patternSteps'))
  around(Output.prototype, ['finish'], (_, inflatedBytes, act) => {
    meter.work.inflatedBytes += Number(inflatedBytes)
    return act()
  })
  around(Pattern, ['parse'], (_, text, act) => {
    return within('patternReads', READS_PER_CHARACTER * (length(text) + 1), act)
  })
  around(Pattern.prototype, ['matches'], (pattern, text, act) => {
    const steps = STEPS_PER_INSTRUCTION * pattern.size * (length(text) + 1)
    return within('patternSteps', steps, act)
  })
}

function length(text: unknown): number {
  return (text as string).length
}

function step(kind: keyof typeof allowed): void {
  if (++meter.work[kind] > allowed[kind]) throw new Error(`${kind}: more than the pattern may take`)
}

function within<T>(kind: keyof typeof allowed, most: number, act: () => T): T {
  allowed[kind] = meter.work[kind] + most
  try {
    return act()
  } finally {
    allowed[kind] = Infinity
  }
}

type Call = (this: unknown, ...given: unknown[]) => unknown

/** Have something done before each call of these methods. */
function before<T extends object>(
  owner: T,
  names: readonly (keyof T & string)[],
  note: () => void,
): void {
  for (const name of names) {
    const original = owner[name] as Call
    Object.defineProperty(owner, name, {
      value(this: unknown, ...given: unknown[]) {
        note()
        return original.apply(this, given)
      },
    })
  }
}

/** Have each call of these methods made by `make`, which is given the first argument. */
function around<T extends object>(
  owner: T,
  names: readonly (keyof T & string)[],
  make: (self: T, first: unknown, act: () => unknown) => unknown,
): void {
  for (const name of names) {
    const original = owner[name] as Call
    Object.defineProperty(owner, name, {
      value(this: T, ...given: unknown[]) {
        return make(this, given[0], () => original.apply(this, given))
      },
    })
  }
}
