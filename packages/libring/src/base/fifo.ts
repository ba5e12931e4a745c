/** A first-in first-out queue without shifting: taking the oldest is O(1). */
export class Fifo<T> {
  #items: (T | undefined)[] = []
  #head = 0

  get size(): number {
    return this.#items.length - this.#head
  }

  push(item: T): void {
    this.#items.push(item)
  }

  /** Remove and return the oldest item, or `undefined` when empty. */
  take(): T | undefined {
    if (this.#head === this.#items.length) return undefined
    const item = this.#items[this.#head]
    this.#items[this.#head++] = undefined
    if (this.#head === this.#items.length || this.#head > 1_024) this.#trim()
    return item
  }

  #trim(): void {
    this.#items = this.#items.slice(this.#head)
    this.#head = 0
  }
}
