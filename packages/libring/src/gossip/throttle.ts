import type { Millis } from '../base/time.ts'

/** Things told of at one time; beyond that, some may be told again too early. */
const KEYS_MAX = 256

/** Says whether it is time to tell of something again. */
export class Throttle {
  readonly #everyMs: Millis
  readonly #toldMs = new Map<string, Millis>()

  /** @param everyMs least time between two tellings of one thing. */
  constructor(everyMs: Millis) {
    this.#everyMs = everyMs
  }

  /** True at most once every `everyMs` for each key. */
  admit(key: string, nowMs: Millis): boolean {
    const toldMs = this.#toldMs.get(key)
    if (toldMs !== undefined && nowMs - toldMs < this.#everyMs) return false
    if (this.#toldMs.size >= KEYS_MAX) this.#toldMs.clear()
    this.#toldMs.set(key, nowMs)
    return true
  }
}
