import type { Clock, Timer } from '../../packages/libring/src/ports/clock.ts'
import { SimClock } from '../../packages/libring/src/sim/clock.ts'

/**
 * A clock whose time can pass without anybody noticing: whoever asks sees that it has, and no timer
 * fires before {@link pass} is called again.
 */
export class StallingClock implements Clock {
  readonly #timers = new SimClock()
  #lostMs = 0
  #wallAheadMs = 0

  nowMs(): number {
    return this.#timers.nowMs() + this.#lostMs
  }

  wallMs(): number {
    return this.#timers.wallMs() + this.#wallAheadMs
  }

  at(atMs: number, callback: () => void): Timer {
    return this.#timers.at(atMs - this.#lostMs, callback)
  }

  get pending(): number {
    return this.#timers.pending
  }

  /** Time goes by as it should. */
  pass(durationMs: number): void {
    this.#timers.runUntil(this.#timers.nowMs() + durationMs)
  }

  /** The process stands still, while the one clock shows this much and the other that much. */
  stall(by: { readonly nowMs: number; readonly wallMs: number }): void {
    this.#lostMs += by.nowMs
    this.#wallAheadMs += by.wallMs
  }
}
