const TRIM_MIN = 1_024

/**
 * A first-in first-out queue without shifting: taking the oldest is O(1) on average, since what
 * is left moves only once as much has been taken.
 */
export class Fifo<T> {
  #items: (T | undefined)[] = []
  #head = 0
  #tail = 0

  get size(): number {
    return this.#tail - this.#head
  }

  push(item: T): void {
    this.#items[this.#tail++] = item
  }

  /** Remove and return the oldest item, or `undefined` when empty. */
  take(): T | undefined {
    if (this.#head === this.#tail) return undefined
    const item = this.#items[this.#head]
    this.#items[this.#head++] = undefined
    if (this.#head === this.#tail) {
      // Room for a few is kept: a queue is mostly empty, and filled again at once.
      if (this.#tail > TRIM_MIN) this.#items = []
      this.#head = 0
      this.#tail = 0
    } else if (this.#head >= TRIM_MIN && 2 * this.#head >= this.#tail) {
      this.#items = this.#items.slice(this.#head, this.#tail)
      this.#tail -= this.#head
      this.#head = 0
    }
    return item
  }
}
