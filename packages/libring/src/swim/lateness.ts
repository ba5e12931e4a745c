import type { Millis } from '../base/time.ts'

/**
 * Most times that we give anybody more time for one thing, since we were late: whoever is always late
 * would never be done with it, and judge nobody.
 */
export const EXCUSES_MAX = 8

/**
 * How much longer to wait for others, as this node itself did not run: held up by the program it is part
 * of, by the machine, or stopped. What falls due at short and even intervals is as late as that.
 */
export class Lateness {
  readonly #toleratedMs: Millis
  #countedUntilMs = 0

  /** @param toleratedMs how late anything may be and still count as in time: what an answer may take. */
  constructor(toleratedMs: Millis) {
    this.#toleratedMs = toleratedMs
  }

  /**
   * How long we did not run since `dueMs`, or since we were last asked after that; and what an answer may
   * take on top of it, since what was said meanwhile lies unread.
   *
   * @param dueMs when something fell due that has not been done yet, or will fall due.
   * @returns 0 where that is tolerable.
   */
  take(dueMs: Millis, nowMs: Millis): Millis {
    const lateMs = nowMs - Math.max(dueMs, this.#countedUntilMs)
    if (lateMs <= this.#toleratedMs) return 0
    this.#countedUntilMs = nowMs
    return lateMs + this.#toleratedMs
  }
}
