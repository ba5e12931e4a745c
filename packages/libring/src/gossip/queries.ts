import { LibringError } from '../base/errors.ts'
import type { Millis } from '../base/time.ts'
import type { Refusal, SerfEffect, SerfInput } from '../serf/effects.ts'
import type { QueryContent } from '../serf/messages.ts'
import { AskedQuery } from './asked-query.ts'
import { payloadBytes, type Payload } from './payload.ts'
import { resolveQuery, type QueryOptions } from './query-options.ts'

/** What of Serf's effects concerns queries. */
export type QueryEffect = Extract<
  SerfEffect,
  { type: 'query-sent' | 'query-answer' | 'query-over' }
>

/** A query of some member, for the application to answer or not. */
export class ReceivedQuery {
  readonly name: string
  /** The listener's own copy. */
  readonly payload: Uint8Array
  /** The name of whoever asks. */
  readonly from: string
  /** Lamport time: of two queries of one member the later one has the higher. */
  readonly ltime: bigint
  /** For how long an answer is waited for, counted from when the query was told. */
  readonly timeoutMs: Millis
  readonly #respond: (payload: Uint8Array) => void

  constructor(
    fields: Pick<ReceivedQuery, 'name' | 'payload' | 'from' | 'ltime' | 'timeoutMs'>,
    respond: (payload: Uint8Array) => void,
  ) {
    this.name = fields.name
    this.payload = fields.payload
    this.from = fields.from
    this.ltime = fields.ltime
    this.timeoutMs = fields.timeoutMs
    this.#respond = respond
  }

  /**
   * Answer it. It can be answered once.
   *
   * @throws {LibringError} `LIBRING_TOO_LARGE` over `queryResponseBytesMax`: a shorter answer may
   *   follow; `LIBRING_QUERY_CLOSED` when it was answered or its time is over; `LIBRING_CLOSED` when
   *   the node was stopped.
   */
  respond(payload?: Payload): void {
    this.#respond(payloadBytes('payload', payload))
  }
}

/** What {@link Queries} asks of the node it works for. */
export interface QueriesSetup {
  readonly feed: (input: SerfInput) => void
  /** What is against answering a query so, if anything. */
  readonly refusalOf: (query: number, payload: Uint8Array) => Refusal | undefined
  /** How long queries wait for answers unless told otherwise, among as many members as are there now. */
  readonly queryTimeoutMs: () => Millis
  /** @throws {LibringError} `LIBRING_CLOSED` once the node is stopped. */
  readonly requireRunning: () => void
}

interface OpenQuery {
  readonly query: AskedQuery
  readonly onEnd: () => void
}

/** Queries of ours that are open, by our number for each; and our answers to those of others. */
export class Queries {
  readonly #setup: QueriesSetup
  readonly #open = new Map<number, OpenQuery>()
  #last = 0

  constructor(setup: QueriesSetup) {
    this.#setup = setup
  }

  /** Ask whoever is meant. @throws {OptionError} */
  ask(name: string, payload: Payload | undefined, options: QueryOptions): AskedQuery {
    const content = this.#timed(resolveQuery(name, payload, options))
    const { signal } = options
    signal?.throwIfAborted()
    let number = 0
    const onAbort = (): void => {
      AskedQuery.control.failed(query, signal?.reason)
      this.#cancel(number)
    }
    // Listened to before anything is sent: whoever hears of the query first may abort it.
    signal?.addEventListener('abort', onAbort, { once: true })
    const query = new AskedQuery(content.timeoutMs, () => this.#cancel(number))
    number = this.#begin(query, content, () => signal?.removeEventListener('abort', onAbort))
    // Aborted by who heard of it first, when it had no number.
    if (signal?.aborted === true) this.#cancel(number)
    return query
  }

  /** Ask something, whatever its name. */
  begin(content: QueryContent): AskedQuery {
    const timed = this.#timed(content)
    const query: AskedQuery = new AskedQuery(timed.timeoutMs, () => this.#cancel(number))
    const number = this.#begin(query, timed, () => {})
    return query
  }

  /** What a listener is told of a query of somebody's. */
  received(effect: Extract<SerfEffect, { type: 'query' }>): ReceivedQuery {
    return new ReceivedQuery(effect, (payload) => {
      this.#setup.requireRunning()
      const refusal = this.#setup.refusalOf(effect.query, payload)
      if (refusal !== undefined) throw errorOf(refusal)
      this.#setup.feed({ type: 'respond-query', query: effect.query, payload })
    })
  }

  perform(effect: QueryEffect): void {
    const query = this.#open.get(effect.query)?.query
    if (query === undefined) return
    switch (effect.type) {
      case 'query-sent':
        if (effect.refusal === undefined) return
        AskedQuery.control.refused(query, errorOf(effect.refusal))
        return this.#forget(effect.query)
      case 'query-answer': {
        const { kind: type, from, payload } = effect
        return AskedQuery.control.answered(query, { type, from, payload })
      }
      case 'query-over':
        AskedQuery.control.over(query)
        return this.#forget(effect.query)
    }
  }

  /** Nothing is answered any more. */
  stop(closed: () => LibringError): void {
    for (const [number, { query }] of this.#open) {
      AskedQuery.control.failed(query, closed())
      this.#forget(number)
    }
  }

  /** Its time is known at once: within a listener, the machine's word comes after that has returned. */
  #timed(content: QueryContent): QueryContent & { readonly timeoutMs: Millis } {
    return { ...content, timeoutMs: content.timeoutMs ?? this.#setup.queryTimeoutMs() }
  }

  #begin(query: AskedQuery, content: QueryContent, onEnd: () => void): number {
    const number = ++this.#last
    this.#open.set(number, { query, onEnd })
    this.#setup.feed({ type: 'query', query: number, ...content })
    return number
  }

  #cancel(number: number): void {
    if (!this.#open.has(number)) return
    this.#forget(number)
    this.#setup.feed({ type: 'query-cancel', query: number })
  }

  #forget(number: number): void {
    this.#open.get(number)?.onEnd()
    this.#open.delete(number)
  }
}

function errorOf({ why, text }: Refusal): LibringError {
  return new LibringError(CODES[why], text)
}

const CODES = {
  'too-large': 'LIBRING_TOO_LARGE',
  'too-many': 'LIBRING_TOO_MANY_QUERIES',
  closed: 'LIBRING_QUERY_CLOSED',
} as const
