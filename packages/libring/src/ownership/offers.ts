import type { Millis } from '../base/time.ts'

/** How often a holder offers what the plan gives to another. */
const OFFER_MS = 2_000

/**
 * Whoever has not asked for so long is not counted on: questions are repeated each
 * second. It may have taken the partition meanwhile, and what it said of that may be lost.
 */
export const ASKED_MS: Millis = 2 * OFFER_MS

/** What an offer depends on. */
export interface OfferTo {
  /** Whom the plan names. */
  named(partition: number): string | undefined
  /** Whether that one has asked within the last {@link ASKED_MS}. */
  isAsked(partition: number, named: string): boolean
  readonly everybody: readonly string[]
}

/** Partitions that the local member holds index 0 of though its plan names another. */
export class Offers {
  /** With how often each was offered in vain. */
  readonly #timesInVain = new Map<number, number>()
  #offerAtMs: Millis = Infinity

  note(partition: number, state: 'overstaying' | 'as planned', nowMs: Millis): void {
    if (state === 'as planned') {
      this.#timesInVain.delete(partition)
      return
    }
    if (this.#timesInVain.has(partition)) return
    if (this.#timesInVain.size === 0) this.#offerAtMs = nowMs + OFFER_MS
    this.#timesInVain.set(partition, 0)
  }

  /** What to offer to whom now: to everybody, once the one that the plan names did not ask. */
  takeDue(nowMs: Millis, to: OfferTo): ReadonlyMap<string, readonly number[]> {
    const due = new Map<string, number[]>()
    if (nowMs < (this.deadlineMs() ?? Infinity)) return due
    this.#offerAtMs = nowMs + OFFER_MS
    for (const [partition, timesInVain] of this.#timesInVain) {
      const named = to.named(partition)
      const isAsked = named === undefined || to.isAsked(partition, named)
      this.#timesInVain.set(partition, isAsked ? 0 : timesInVain + 1)
      if (isAsked) continue
      for (const name of timesInVain > 0 ? to.everybody : [named]) {
        const partitions = due.get(name) ?? []
        due.set(name, partitions)
        partitions.push(partition)
      }
    }
    return due
  }

  deadlineMs(): Millis | undefined {
    return this.#timesInVain.size > 0 ? this.#offerAtMs : undefined
  }
}
