import type { Millis } from './time.ts'

/** Something that has its place in time. */
export interface Dated {
  readonly atMs: Millis
  /** Breaks ties: what was asked for first comes first. */
  readonly order: number
}

/** Entries by time, soonest first, in a binary heap. Adding and taking cost O(log n). */
export class TimeHeap<T extends Dated> {
  readonly #heap: T[] = []

  get size(): number {
    return this.#heap.length
  }

  /** The soonest entry, or `undefined` when there is none. */
  peek(): T | undefined {
    return this.#heap[0]
  }

  push(entry: T): void {
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

  /** Remove and return the soonest entry. */
  pop(): T | undefined {
    const heap = this.#heap
    const top = heap[0]
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return top
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
    return top
  }

  /** Drop whatever does not pass `keep`. Costs O(n log n). */
  keepOnly(keep: (entry: T) => boolean): void {
    // A sorted array is a heap.
    const kept = this.#heap.filter(keep).sort((left, right) => (isBefore(left, right) ? -1 : 1))
    this.#heap.length = 0
    for (const entry of kept) this.#heap.push(entry)
  }

  clear(): void {
    this.#heap.length = 0
  }
}

function isBefore(left: Dated, right: Dated): boolean {
  return left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order)
}
