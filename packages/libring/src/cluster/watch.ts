/** What waits for one reader. Whoever implements it keeps it bounded. */
export interface Inbox<T> {
  add(item: T): void
  /** Remove and return the oldest item, or `undefined` when there is none for the reader. */
  take(): T | undefined
  /** The reader is done with all that it took. */
  finish?(): void
}

interface Request<T> {
  resolve(result: IteratorResult<T, undefined>): void
}

/**
 * One reader of a stream that never waits for it.
 *
 * Items not yet asked for stay in the inbox, which decides what to fold or drop. Asking for the
 * next item says that the reader is done with the last one.
 */
export class Watch<T> implements AsyncIterableIterator<T, undefined> {
  readonly #inbox: Inbox<T>
  readonly #onClosed: () => void
  readonly #requests: Request<T>[] = []
  #phase: 'open' | 'ended' | 'closed' = 'open'

  /** @param onClosed told once the reader went away, or was told that there is no more. */
  constructor(inbox: Inbox<T>, onClosed: () => void) {
    this.#inbox = inbox
    this.#onClosed = onClosed
  }

  add(item: T): void {
    if (this.#phase !== 'open') return
    this.#inbox.add(item)
    this.#answer()
  }

  /** Nothing more will come. What waits can still be read. */
  end(): void {
    if (this.#phase !== 'open') return
    this.#phase = 'ended'
    this.#answer()
  }

  next(): Promise<IteratorResult<T, undefined>> {
    this.#inbox.finish?.()
    return new Promise((resolve) => {
      this.#requests.push({ resolve })
      this.#answer()
    })
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#close()
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  #answer(): void {
    while (this.#phase !== 'closed' && this.#requests.length > 0) {
      const value = this.#inbox.take()
      if (value !== undefined) {
        this.#requests.shift()!.resolve({ done: false, value })
      } else if (this.#phase === 'ended') {
        this.#close()
      } else {
        return
      }
    }
    if (this.#phase === 'closed') this.#close()
  }

  #close(): void {
    const wasOpen = this.#phase !== 'closed'
    this.#phase = 'closed'
    for (const request of this.#requests.splice(0))
      request.resolve({ done: true, value: undefined })
    if (wasOpen) this.#onClosed()
  }
}
