import type { Millis } from '../base/time.ts'
import { INCARNATION_MAX, reachOf } from './incarnations.ts'

/**
 * The incarnation at which we stand.
 *
 * Near the end of what there is, others believe it only where it is little above the one that they
 * know (see `mayLive`). So there it goes no higher than that above one which has stood long enough for
 * gossip to bring it to everybody, whatever is said of us meanwhile.
 */
export class OwnIncarnation {
  #value = 0
  /** The last one that all others know. */
  #settled = 0
  #raisedAtMs = 0

  get value(): number {
    return this.#value
  }

  /**
   * Go on to the next one, or to `least` if that is higher.
   *
   * @param settleMs how long gossip takes to reach everybody.
   */
  advance(least: number, settleMs: Millis, nowMs: Millis): void {
    const isFirst = this.#value === 0
    this.#raise(Math.min(Math.max(this.#value + 1, least), INCARNATION_MAX), settleMs, nowMs)
    if (isFirst) this.#settled = this.#value
  }

  /**
   * Go on to where what was said of us at `saidAt` is refuted. Who has heard and believed what was said
   * at the last one that is in reach passes that on, and is refuted by the next one.
   *
   * @returns false when there is none above ours that all others would believe.
   */
  refute(saidAt: number, settleMs: Millis, nowMs: Millis): boolean {
    this.#settle(settleMs, nowMs)
    const next = Math.min(Math.max(this.#value, saidAt) + 1, reachOf(this.#settled))
    if (next <= this.#value) return false
    this.#raise(next, settleMs, nowMs)
    return true
  }

  #raise(to: number, settleMs: Millis, nowMs: Millis): void {
    this.#settle(settleMs, nowMs)
    this.#value = to
    this.#raisedAtMs = nowMs
  }

  #settle(settleMs: Millis, nowMs: Millis): void {
    if (nowMs - this.#raisedAtMs >= settleMs) this.#settled = this.#value
  }
}
