import { TimeTally } from '../base/time-tally.ts'
import type { Millis } from '../base/time.ts'

/** How often a member that has come into view is told what we hold, and in which distance. */
const TELL_TIMES = 3
const TELL_EVERY_MS = 2_000

interface Greeting {
  timesLeft: number
  atMs: Millis
}

/**
 * Who is to be told what we hold: whoever has come into view, so that two holders of a partition
 * hear of each other though no plan brings them together. More than once, as words may be lost.
 */
export class Census {
  readonly #greetings = new Map<string, Greeting>()
  readonly #dues = new TimeTally()

  greet(name: string, nowMs: Millis): void {
    this.#dues.move(this.#greetings.get(name)?.atMs, nowMs)
    this.#greetings.set(name, { timesLeft: TELL_TIMES, atMs: nowMs })
  }

  /** It is not there any more. */
  forget(name: string): void {
    this.#dues.move(this.#greetings.get(name)?.atMs, undefined)
    this.#greetings.delete(name)
  }

  /** Whom to tell now. */
  takeDue(nowMs: Millis): readonly string[] {
    const due: string[] = []
    if (nowMs < (this.#dues.soonestMs() ?? Infinity)) return due
    for (const [name, greeting] of this.#greetings) {
      if (nowMs < greeting.atMs) continue
      due.push(name)
      const nextMs = --greeting.timesLeft > 0 ? nowMs + TELL_EVERY_MS : undefined
      this.#dues.move(greeting.atMs, nextMs)
      if (nextMs === undefined) this.#greetings.delete(name)
      else greeting.atMs = nextMs
    }
    return due
  }

  deadlineMs(): Millis | undefined {
    return this.#dues.soonestMs()
  }
}
