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
  readonly #answers = new Fifo<QueryAnswer>()
  /** Calls for an answer that is not there yet; none while one is. */
  readonly #waiting = new Fifo<Deferred<Result>>()
  readonly #onClose: () => void
  #timeoutMs: Millis
  #isOver = false
  /** What the reader is still to be told. */
  #failure: { readonly error: unknown } | undefined

  /** @param onClose called once when nobody wants to hear more before the time is over. */
  constructor(timeoutMs: Millis, onClose: () => void) {
    this.#timeoutMs = timeoutMs
    this.#onClose = onClose
  }

  /** How long it waits for answers, counted from when it was asked. 0 once it was refused. */
  get timeoutMs(): Millis {
    return this.#timeoutMs
  }

  /** Wait for no more answers. Those that are there can still be read. */
  close(): void {
    if (this.#isOver) return
    this.#finish(undefined)
    this.#onClose()
  }

  /** @throws whatever the query was refused with, or the reason of the signal that aborted it. */
  [Symbol.asyncIterator](): AsyncGenerator<QueryAnswer, void, undefined> {
    return new Reader(
      () => this.#next(),
      () => this.close(),
    )
  }

  /** For whoever runs the query. */
  static readonly control = {
    answered: (query: AskedQuery, answer: QueryAnswer): void => query.#take(answer),
    over: (query: AskedQuery): void => query.#finish(undefined),
    refused: (query: AskedQuery, error: unknown): void => {
      query.#timeoutMs = 0
      query.#finish({ error })
    },
    failed: (query: AskedQuery, error: unknown): void => query.#finish({ error }),
  }

  #take(answer: QueryAnswer): void {
    if (this.#isOver) return
    const reader = this.#waiting.take()
    if (reader === undefined) this.#answers.push(answer)
    else reader.resolve({ done: false, value: answer })
  }

  #finish(failure: { readonly error: unknown } | undefined): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#failure = failure
    for (let reader = this.#waiting.take(); reader !== undefined; reader = this.#waiting.take()) {
      this.#end(reader)
    }
  }

  #next(): Promise<Result> {
    const reader = new Deferred<Result>()
    const value = this.#answers.take()
    if (value !== undefined) reader.resolve({ done: false, value })
    else if (this.#isOver) this.#end(reader)
    else this.#waiting.push(reader)
    return reader.promise
  }

  #end(reader: Deferred<Result>): void {
    const failure = this.#failure
    this.#failure = undefined
    if (failure === undefined) reader.resolve({ done: true, value: undefined })
    else reader.reject(failure.error)
  }
}

type Result = IteratorResult<QueryAnswer, void>

/**
 * Who reads a query. Going away closes it at once: a generator would first have to wait for an answer,
 * and one that nobody has read from would not notice.
 */
class Reader implements AsyncGenerator<QueryAnswer, void, undefined> {
  readonly #next: () => Promise<Result>
  readonly #onGone: () => void
  #isGone = false

  constructor(next: () => Promise<Result>, onGone: () => void) {
    this.#next = next
    this.#onGone = onGone
  }

  next(): Promise<Result> {
    return this.#isGone ? Promise.resolve({ done: true, value: undefined }) : this.#next()
  }

  return(): Promise<Result> {
    this.#isGone = true
    this.#onGone()
    return this.next()
  }

  throw(error: unknown): Promise<Result> {
    this.#isGone = true
    this.#onGone()
    return Promise.reject(error)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }
}
