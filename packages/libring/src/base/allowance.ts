import type { Millis } from './time.ts'

/** How much of something may be done in a time: a bucket that fills at a steady rate. */
export class Allowance {
  readonly #perSecond: number
  readonly #most: number
  #left: number
  #countedMs: Millis | undefined

  /** @param most how much may be saved up, which is there at the beginning. */
  constructor(perSecond: number, most: number = perSecond) {
    this.#perSecond = perSecond
    this.#most = most
    this.#left = most
  }

  /** Take `amount` if there is as much. */
  take(amount: number, nowMs: Millis): boolean {
    this.#fill(nowMs)
    if (this.#left < amount) return false
    this.#left -= amount
    return true
  }

  #fill(nowMs: Millis): void {
    const passedMs = Math.max(0, nowMs - (this.#countedMs ?? nowMs))
    this.#countedMs = Math.max(nowMs, this.#countedMs ?? nowMs)
    this.#left = Math.min(this.#most, this.#left + (passedMs * this.#perSecond) / 1_000)
  }
}
