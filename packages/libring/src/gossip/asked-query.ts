import { Fifo } from '../base/fifo.ts'
import type { Millis } from '../base/time.ts'
import { Deferred } from './deferred.ts'

/** What somebody said to a query. */
export interface QueryAnswer {
  /** `ack` says that the query has come, `response` is an answer. Each comes from a member once. */
  readonly type: 'ack' | 'response'
  /** The name of whoever answers. */
  readonly from: string
  /** Empty in an `ack`. */
  readonly payload: Uint8Array
}

/**
 * A query of this node that is on its way: its acknowledgements and responses as they come, until
 * its time is over. It runs whether or not anybody reads; what is not read waits.
 *
 * Can be read once. Whoever stops reading closes it.
 */
export class AskedQuery implements AsyncIterable<QueryAnswer> {
  readonly #waiting = new Fifo<QueryAnswer>()
  readonly #onClose: () => void
  #timeoutMs: Millis = 0
  #reader: Deferred<void> | undefined
  #end: { readonly error?: unknown } | undefined

  /** @param onClose called once when nobody wants to hear more before the time is over. */
  constructor(onClose: () => void) {
    this.#onClose = onClose
  }

  /** How long it waits for answers, counted from when it was asked. */
  get timeoutMs(): Millis {
    return this.#timeoutMs
  }

  /** Wait for no more answers. Those that are there can still be read. */
  close(): void {
    if (this.#end !== undefined) return
    this.#finish({})
    this.#onClose()
  }

  /** @throws whatever the query was refused with, or the reason of the signal that aborted it. */
  async *[Symbol.asyncIterator](): AsyncGenerator<QueryAnswer, void, undefined> {
    try {
      for (;;) {
        const answer = this.#waiting.take()
        if (answer !== undefined) {
          yield answer
          continue
        }
        if (this.#end !== undefined) {
          if ('error' in this.#end) throw this.#end.error
          return
        }
        this.#reader ??= new Deferred()
        await this.#reader.promise
      }
    } finally {
      this.close()
    }
  }

  /** For whoever runs the query. */
  static readonly control = {
    opened: (query: AskedQuery, timeoutMs: Millis): void => void (query.#timeoutMs = timeoutMs),
    answered: (query: AskedQuery, answer: QueryAnswer): void => query.#take(answer),
    over: (query: AskedQuery): void => query.#finish({}),
    failed: (query: AskedQuery, error: unknown): void => query.#finish({ error }),
  }

  #take(answer: QueryAnswer): void {
    if (this.#end !== undefined) return
    this.#waiting.push(answer)
    this.#wake()
  }

  #finish(end: { readonly error?: unknown }): void {
    this.#end ??= end
    this.#wake()
  }

  #wake(): void {
    this.#reader?.resolve()
    this.#reader = undefined
  }
}
