import type { Millis } from './time.ts'

interface Entry {
  readonly key: string
  readonly atMs: Millis
  readonly order: number
}

/**
 * Keyed points in time, soonest first: a binary heap with at most one live entry a key.
 *
 * Setting a key again replaces its time. Replaced and cleared entries stay in the heap
 * until they surface or make up half of it, so both operations cost O(log n).
 */
export class Deadlines {
  readonly #live = new Map<string, Entry>()
  #heap: Entry[] = []
  #order = 0

  get size(): number {
    return this.#live.size
  }

  has(key: string): boolean {
    return this.#live.has(key)
  }

  set(key: string, atMs: Millis): void {
    if (this.#live.get(key)?.atMs === atMs) return
    const entry = { key, atMs, order: this.#order++ }
    this.#live.set(key, entry)
    this.#push(entry)
    if (this.#heap.length > 2 * this.#live.size + 16) this.#compact()
  }

  clear(key: string): void {
    this.#live.delete(key)
  }

  clearAll(): void {
    this.#live.clear()
    this.#heap = []
  }

  /** The soonest time, or `undefined` when nothing is set. */
  nextMs(): Millis | undefined {
    this.#dropStale()
    return this.#heap[0]?.atMs
  }

  /**
   * Remove and return the key that is due at or before `nowMs` and was due first; of equal
   * times, the one set first.
   */
  takeDue(nowMs: Millis): string | undefined {
    this.#dropStale()
    const top = this.#heap[0]
    if (top === undefined || top.atMs > nowMs) return undefined
    this.#pop()
    this.#live.delete(top.key)
    return top.key
  }

  #dropStale(): void {
    while (this.#heap.length > 0 && this.#live.get(this.#heap[0]!.key) !== this.#heap[0]) {
      this.#pop()
    }
  }

  #compact(): void {
    this.#heap = [...this.#live.values()].sort((a, b) => (isBefore(a, b) ? -1 : 1))
  }

  #push(entry: Entry): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(entry)
    while (at > 0) {
      const parent = (at - 1) >>> 1
      if (!isBefore(entry, heap[parent]!)) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = entry
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()!
    if (heap.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
      if (!isBefore(heap[child]!, last)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = last
  }
}

function isBefore(left: Entry, right: Entry): boolean {
  return left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order)
}
