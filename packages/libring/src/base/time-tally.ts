import type { Millis } from './time.ts'

/**
 * Points in time that many wait for, most of them for the same: how many wait for each.
 *
 * The soonest is at hand for as long as somebody waits for it; after that it is looked for among
 * the different times there are.
 */
export class TimeTally {
  readonly #counts = new Map<Millis, number>()
  /** `undefined` while it is not known. */
  #soonestMs: Millis | undefined

  /** Somebody waits for `to` instead of `from`; for nothing, where that is `undefined`. */
  move(from: Millis | undefined, to: Millis | undefined): void {
    if (from === to) return
    if (to !== undefined) this.#add(to)
    if (from !== undefined) this.#remove(from)
  }

  /** The soonest time that somebody waits for. */
  soonestMs(): Millis | undefined {
    if (this.#soonestMs !== undefined || this.#counts.size === 0) return this.#soonestMs
    for (const atMs of this.#counts.keys()) {
      if (atMs < (this.#soonestMs ?? Infinity)) this.#soonestMs = atMs
    }
    return this.#soonestMs
  }

  #add(atMs: Millis): void {
    const isAlone = this.#counts.size === 0
    this.#counts.set(atMs, (this.#counts.get(atMs) ?? 0) + 1)
    // Where the soonest is not known, this one need not be it.
    if (isAlone || (this.#soonestMs !== undefined && atMs < this.#soonestMs)) this.#soonestMs = atMs
  }

  #remove(atMs: Millis): void {
    const left = this.#counts.get(atMs)! - 1
    if (left > 0) return void this.#counts.set(atMs, left)
    this.#counts.delete(atMs)
    if (atMs === this.#soonestMs) this.#soonestMs = undefined
  }
}
