import type { Millis } from '../base/time.ts'

/** Most addresses that are remembered; the one noted first goes first. */
const ADDRESSES_MAX = 1_024

/** Where nobody could be reached a moment ago, so that the next request does not pay again. */
export class BadAddresses {
  readonly #keepMs: Millis
  readonly #untilMs = new Map<string, Millis>()

  /** @param keepMs for how long an address counts as bad. */
  constructor(keepMs: Millis) {
    this.#keepMs = keepMs
  }

  get size(): number {
    return this.#untilMs.size
  }

  note(address: string, nowMs: Millis): void {
    if (this.#keepMs === 0) return
    this.#untilMs.delete(address)
    if (this.#untilMs.size >= ADDRESSES_MAX) {
      const [oldest] = this.#untilMs.keys()
      this.#untilMs.delete(oldest!)
    }
    this.#untilMs.set(address, nowMs + this.#keepMs)
  }

  has(address: string, nowMs: Millis): boolean {
    const untilMs = this.#untilMs.get(address)
    if (untilMs === undefined) return false
    if (nowMs < untilMs) return true
    this.#untilMs.delete(address)
    return false
  }

  /** Somebody answered there. */
  clear(address: string): void {
    if (this.#untilMs.size > 0) this.#untilMs.delete(address)
  }
}
