import { invariant } from './errors.ts'

/**
 * A first-in first-out queue with at most one item a key. Every operation is O(1), taking the
 * oldest included.
 */
export class KeyedFifo<K, V> {
  readonly #items = new Map<K, V>()
  // Kept between takes: a fresh iterator would step over every item taken so far.
  #oldest: Iterator<K> = this.#items.keys()

  get size(): number {
    return this.#items.size
  }

  has(key: K): boolean {
    return this.#items.has(key)
  }

  get(key: K): V | undefined {
    return this.#items.get(key)
  }

  /** All items, the oldest first. */
  values(): readonly V[] {
    return [...this.#items.values()]
  }

  /** Put an item at the end, in place of the one with its key. */
  push(key: K, item: V): void {
    this.#items.delete(key)
    this.#items.set(key, item)
  }

  delete(key: K): void {
    this.#items.delete(key)
  }

  clear(): void {
    this.#items.clear()
  }

  /** Remove and return the oldest item, or `undefined` when empty. */
  take(): V | undefined {
    if (this.#items.size === 0) return undefined
    let next = this.#oldest.next()
    if (next.done === true) {
      this.#oldest = this.#items.keys()
      next = this.#oldest.next()
    }
    invariant(next.done !== true, 'what is not empty has an oldest item')
    const item = this.#items.get(next.value)
    this.#items.delete(next.value)
    return item
  }
}
