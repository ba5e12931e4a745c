import { Fifo } from '../base/fifo.ts'

/** Most records that wait for one reader. */
export const RECORDS_MAX = 1_024

interface Waiting<T> {
  readonly resolve: (result: IteratorResult<T, undefined>) => void
  readonly reject: (error: Error) => void
}

/**
 * Records that come from an agent, for one reader. Those not yet asked for wait, at most 1,024;
 * what does not fit pushes out the oldest. Leaving the loop stops the stream.
 *
 * Where the connection breaks, what waits can still be read; then the reader gets the error, once.
 */
export class RpcStream<T> implements AsyncIterableIterator<T, undefined>, AsyncDisposable {
  readonly #records = new Fifo<T>()
  readonly #waiting = new Fifo<Waiting<T>>()
  readonly #onClosed: () => void
  #phase: 'open' | 'ended' | 'closed' = 'open'
  #error: Error | undefined
  #dropped = 0

  /** @param onClosed told once, when the reader goes away before the end. */
  constructor(onClosed: () => void) {
    this.#onClosed = onClosed
  }

  /** Records that the reader was too slow for. */
  get dropped(): number {
    return this.#dropped
  }

  /** For whoever fills it: one more. */
  add(record: T): void {
    if (this.#phase !== 'open') return
    const reader = this.#waiting.take()
    if (reader !== undefined) return reader.resolve({ done: false, value: record })
    this.#records.push(record)
    if (this.#records.size <= RECORDS_MAX) return
    this.#records.take()
    this.#dropped++
  }

  /** For whoever fills it: no more will come, because of `error` where there is one. */
  end(error: Error | undefined): void {
    if (this.#phase !== 'open') return
    this.#phase = 'ended'
    this.#error = error
    for (let reader = this.#waiting.take(); reader !== undefined; reader = this.#waiting.take()) {
      this.#close(reader)
    }
  }

  next(): Promise<IteratorResult<T, undefined>> {
    return new Promise((resolve, reject) => {
      const value = this.#records.take()
      if (value !== undefined) resolve({ done: false, value })
      else if (this.#phase === 'open') this.#waiting.push({ resolve, reject })
      else this.#close({ resolve, reject })
    })
  }

  return(): Promise<IteratorResult<T, undefined>> {
    const wasOpen = this.#phase === 'open'
    this.end(undefined)
    while (this.#records.take() !== undefined);
    this.#error = undefined
    if (wasOpen) this.#onClosed()
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  #close({ resolve, reject }: Waiting<T>): void {
    const error = this.#error
    this.#phase = 'closed'
    this.#error = undefined
    if (error === undefined) resolve({ done: true, value: undefined })
    else reject(error)
  }
}
