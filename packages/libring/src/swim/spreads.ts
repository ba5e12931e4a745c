import type { Deadlines } from '../base/deadlines.ts'
import type { Millis } from '../base/time.ts'
import type { Outbox } from './outbox.ts'

/** What is told once a claim of ours has been spread. */
export type SpreadThen = 'meta-spread' | 'left'

/** Claims of ours that somebody waits for to be spread, by their tickets. */
export class Spreads {
  readonly #outbox: Outbox
  readonly #deadlines: Deadlines
  readonly #timeoutMs: Millis
  readonly #waiting = new Map<number, SpreadThen>()
  #last = 0

  /** @param timeoutMs how long a claim may take; deadlines are called `spread:<ticket>`. */
  constructor(outbox: Outbox, deadlines: Deadlines, timeoutMs: Millis) {
    this.#outbox = outbox
    this.#deadlines = deadlines
    this.#timeoutMs = timeoutMs
  }

  /** A ticket for a claim. */
  open(then: SpreadThen, nowMs: Millis): number {
    const ticket = ++this.#last
    this.#waiting.set(ticket, then)
    this.#deadlines.set(`spread:${ticket}`, nowMs + this.#timeoutMs)
    return ticket
  }

  /** The claim was spread, or there was none, or its time is over. */
  over(ticket: number, spread: boolean): void {
    const then = this.#waiting.get(ticket)
    if (then === undefined) return
    this.#waiting.delete(ticket)
    this.#deadlines.clear(`spread:${ticket}`)
    this.#outbox.tell({ type: then, spread })
  }

  /** Tell of claims that need no more spreading: of all, where there is nobody to hear them. */
  settle(hasCompany: boolean): void {
    for (let ticket = this.#outbox.takeFinished(); ticket !== undefined;) {
      this.over(ticket, true)
      ticket = this.#outbox.takeFinished()
    }
    // With nobody left to hear it, waiting for a claim to spread would only be waiting.
    if (!hasCompany) for (const ticket of this.#waiting.keys()) this.over(ticket, true)
  }
}
