import { Allowance } from '../base/allowance.ts'
import type { Millis } from '../base/time.ts'

/** Things remembered to have been told; beyond that, some may be told again too early. */
const KEYS_MAX = 256

/** Says whether it is time to tell of something again. */
export class Throttle {
  readonly #everyMs: Millis
  readonly #allowance: Allowance
  readonly #toldMs = new Map<string, Millis>()

  /**
   * @param everyMs least time between two tellings of one thing.
   * @param most of all things together, in that time and at once.
   */
  constructor(everyMs: Millis, most: number) {
    this.#everyMs = everyMs
    this.#allowance = new Allowance((most * 1_000) / everyMs, most)
  }

  /** True at most once every `everyMs` for each key. What finds no room may be told at its next time. */
  admit(key: string, nowMs: Millis): boolean {
    const toldMs = this.#toldMs.get(key)
    if (toldMs !== undefined && nowMs - toldMs < this.#everyMs) return false
    if (!this.#allowance.take(1, nowMs)) return false
    if (this.#toldMs.size >= KEYS_MAX) this.#toldMs.clear()
    this.#toldMs.set(key, nowMs)
    return true
  }
}
