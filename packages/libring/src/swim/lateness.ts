import type { Millis } from '../base/time.ts'

/**
 * For how long this node itself did not run: held up by the program it is part of, by the machine,
 * or stopped. What falls due at short and even intervals is as late as that.
 */
export class Lateness {
  readonly #toleratedMs: Millis
  #countedUntilMs = 0

  /** @param toleratedMs how late anything may be and still count as in time. */
  constructor(toleratedMs: Millis) {
    this.#toleratedMs = toleratedMs
  }

  /**
   * How long we did not run since `dueMs`, or since we were last asked after that.
   *
   * @param dueMs when something fell due that has not been done yet, or will fall due.
   * @returns 0 where that is tolerable.
   */
  take(dueMs: Millis, nowMs: Millis): Millis {
    const lateMs = nowMs - Math.max(dueMs, this.#countedUntilMs)
    if (lateMs <= this.#toleratedMs) return 0
    this.#countedUntilMs = nowMs
    return lateMs
  }
}
