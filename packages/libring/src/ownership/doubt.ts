import { soonestMs, type Millis } from '../base/time.ts'

/** Time between two tries to reach another member. */
const TRY_EVERY_MS = 1_000

/** Word that came meanwhile: handlers are done with every step of the partition up to `seq`. */
export interface SettledSteps {
  readonly partition: number
  readonly seq: number
  readonly state?: Uint8Array | undefined
}

/** What has to be caught up on once there is no doubt any more. */
export interface Backlog {
  /** Names of members that were seen to go. */
  readonly gone: readonly string[]
  readonly settled: readonly SettledSteps[]
  /** Numbers of steps that gave up index 0, for which nobody works any more, by partition. */
  readonly letGo: ReadonlyMap<number, number>
}

/** What there is to do while in doubt. */
export type DoubtDue =
  /** Try to reach another member; an answer counts for the doubt of this number. */
  | { readonly type: 'try'; readonly doubt: number }
  /** Nobody answered for long enough: we are alone. */
  | { readonly type: 'alone' }

interface OpenDoubt {
  readonly number: number
  readonly tryAtMs: Millis
  /** `undefined` for one that only another member can end. */
  readonly aloneAtMs: Millis | undefined
}

/**
 * Whether we know what is going on. After a stall we do not, until another member has told us, or
 * nobody was there to.
 */
export class Doubt {
  readonly #gone = new Set<string>()
  readonly #settled = new Map<number, SettledSteps>()
  readonly #letGo = new Map<number, number>()
  #open: OpenDoubt | undefined
  #count = 0

  get isOpen(): boolean {
    return this.#open !== undefined
  }

  /** The process was stopped. What was tried before that proves nothing. */
  begin(nowMs: Millis, aloneAtMs: Millis | undefined): void {
    this.#open = { number: ++this.#count, tryAtMs: nowMs, aloneAtMs }
  }

  deadlineMs(): Millis | undefined {
    return soonestMs(this.#open?.tryAtMs, this.#open?.aloneAtMs)
  }

  takeDue(nowMs: Millis): DoubtDue | undefined {
    if (this.#open === undefined) return undefined
    const { number, tryAtMs, aloneAtMs = Infinity } = this.#open
    if (nowMs >= aloneAtMs) return { type: 'alone' }
    if (nowMs < tryAtMs) return undefined
    this.#open = { ...this.#open, tryAtMs: nowMs + TRY_EVERY_MS }
    return { type: 'try', doubt: number }
  }

  /** Whether an answer to a try for the doubt of that number ends the one that is open. */
  isEndedBy(doubt: number): boolean {
    return this.#open?.number === doubt
  }

  noteGone(names: readonly string[]): void {
    for (const name of names) this.#gone.add(name)
  }

  noteSettled(steps: SettledSteps): void {
    const { partition, state = this.#settled.get(partition)?.state } = steps
    this.#settled.set(partition, { ...steps, state })
  }

  noteLetGo(partition: number, seq: number): void {
    this.#letGo.set(partition, seq)
  }

  end(): Backlog {
    const settled = [...this.#settled.values()]
    const backlog = { gone: [...this.#gone], settled, letGo: new Map(this.#letGo) }
    this.#open = undefined
    this.#gone.clear()
    this.#settled.clear()
    this.#letGo.clear()
    return backlog
  }
}
