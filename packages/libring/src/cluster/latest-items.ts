import { Fifo } from '../base/fifo.ts'
import type { Inbox } from './watch.ts'

/** The latest items, up to a limit: what does not fit pushes out the oldest. */
export class LatestItems<T> implements Inbox<T> {
  readonly #items = new Fifo<T>()
  readonly #limit: number
  readonly #onDropped: () => void

  constructor(limit: number, onDropped: () => void) {
    this.#limit = limit
    this.#onDropped = onDropped
  }

  add(item: T): void {
    this.#items.push(item)
    if (this.#items.size <= this.#limit) return
    this.#items.take()
    this.#onDropped()
  }

  take(): T | undefined {
    return this.#items.take()
  }
}
