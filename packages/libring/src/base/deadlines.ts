import { TimeHeap, type Dated } from './time-heap.ts'
import type { Millis } from './time.ts'

interface Entry extends Dated {
  readonly key: string
}

/**
 * Keyed points in time, soonest first: a heap with at most one live entry a key.
 *
 * Setting a key again replaces its time. Replaced and cleared entries stay in the heap
 * until they surface or make up half of it, so both operations cost O(log n).
 */
export class Deadlines {
  readonly #live = new Map<string, Entry>()
  readonly #heap = new TimeHeap<Entry>()
  #order = 0

  get size(): number {
    return this.#live.size
  }

  has(key: string): boolean {
    return this.#live.has(key)
  }

  /** When `key` is due, if it is set. */
  atMs(key: string): Millis | undefined {
    return this.#live.get(key)?.atMs
  }

  set(key: string, atMs: Millis): void {
    if (this.#live.get(key)?.atMs === atMs) return
    const entry = { key, atMs, order: this.#order++ }
    this.#live.set(key, entry)
    this.#heap.push(entry)
    const stale = this.#heap.size - this.#live.size
    if (stale > this.#live.size + 16) this.#heap.keepOnly((kept) => this.#isLive(kept))
  }

  clear(key: string): void {
    this.#live.delete(key)
  }

  clearAll(): void {
    this.#live.clear()
    this.#heap.clear()
  }

  /** The soonest time, or `undefined` when nothing is set. */
  nextMs(): Millis | undefined {
    this.#dropStale()
    return this.#heap.peek()?.atMs
  }

  /**
   * Remove and return the key that is due at or before `nowMs` and was due first; of equal
   * times, the one set first.
   */
  takeDue(nowMs: Millis): string | undefined {
    this.#dropStale()
    const top = this.#heap.peek()
    if (top === undefined || top.atMs > nowMs) return undefined
    this.#heap.pop()
    this.#live.delete(top.key)
    return top.key
  }

  #dropStale(): void {
    for (let top = this.#heap.peek(); top !== undefined && !this.#isLive(top);) {
      this.#heap.pop()
      top = this.#heap.peek()
    }
  }

  #isLive(entry: Entry): boolean {
    return this.#live.get(entry.key) === entry
  }
}
