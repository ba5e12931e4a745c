import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Dispatcher } from 'undici'
import type { Refusal } from '../routing/forward-mark.ts'
import { pairs } from './pairs.ts'
import type { MemberPool, PoolOptions } from './pools.ts'
import { FORWARD_HEADER } from './request-headers.ts'
import { announcedTrailers, lengthIn, refusalIn, responseHeaders } from './response-headers.ts'
import { dispatchWithTrailers } from './with-trailers.ts'

/** What comes of sending a request to a member. Exactly one of them, and once. */
export interface ForwardObserver {
  /** The answer of the owner has come, and is being passed on. */
  onAnswer(): void
  /** The member did not deal with the request, and says so. */
  onRefused(refusal: Refusal): void
  /** The member got nothing of the request. */
  onUnreachable(): void
  /** The member may have dealt with the request, and no answer of it was passed on. */
  onFailed(code: FailureCode): void
}

export type FailureCode =
  'LIBRING_OWNER_FAILED' | 'LIBRING_OWNER_TIMEOUT' | 'LIBRING_REQUEST_INVALID'

/** One request to one member. */
export interface Forwarding {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly to: MemberPool
  readonly path: string
  readonly mark: string
  /** Names and values in turn. */
  readonly headers: readonly string[]
  readonly body: AsyncIterable<Buffer> | undefined
  /** For a connection of its own, where one is needed. */
  readonly connections: PoolOptions
  readonly observer: ForwardObserver
}

/** Send a request to a member and pass its answer on. */
export function forward(forwarding: Forwarding): Exchange {
  const { request, to, path, mark, headers, body, connections } = forwarding
  const exchange = new Exchange(forwarding)
  const marked = [...headers, FORWARD_HEADER, mark]
  if (body !== undefined && request.headers.trailer !== undefined) {
    const url = to.origin + path
    dispatchWithTrailers({ ...connections, request, url, headers: marked, body }, exchange)
    return exchange
  }
  const options: Omit<Dispatcher.DispatchOptions, 'body' | 'servername'> = {
    origin: to.origin,
    path,
    method: request.method as Dispatcher.HttpMethod,
    headers: marked,
    // By default the answer to a HEAD ends the connection.
    reset: false,
  }
  // Its types do not know iterables, of which nothing is read before there is a connection.
  const more: object = { body, servername: to.servername }
  to.pool.dispatch(Object.assign(options, more), exchange)
  return exchange
}

/** The answer of a member on its way back. */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse
  readonly #observer: ForwardObserver
  #abort: ((error?: Error) => void) | undefined
  #isAborted = false
  #phase: 'waiting' | 'refused' | 'answering' = 'waiting'
  #refusal: Refusal | undefined
  /** Bytes of the body to come, where the answer says how many. */
  #left = NaN
  #hasBegun = false
  #resume: (() => void) | undefined

  constructor({ response, observer }: Forwarding) {
    this.#response = response
    this.#observer = observer
  }

  abort(): void {
    this.#isAborted = true
    this.#abort?.()
  }

  onConnect(abort: (error?: Error) => void): void {
    this.#abort = abort
    if (this.#isAborted) abort()
  }

  onHeaders(status: number, raw: Buffer[], resume: () => void, text: string): boolean {
    if (status < 200) {
      this.#inform(status, raw)
      return true
    }
    if (status === 421) this.#refusal = refusalIn(raw)
    if (this.#refusal !== undefined) {
      this.#phase = 'refused'
      return true
    }
    this.#phase = 'answering'
    this.#observer.onAnswer()
    const response = this.#response
    const headers = responseHeaders(raw)
    this.#left = lengthIn(headers)
    if (this.#mayHaveTrailers(status)) headers.push(...announcedTrailers(raw))
    response.writeHead(status, text, headers)
    this.#resume = resume
    // Whoever waits for events is to know that they will come.
    if (Number.isNaN(this.#left)) queueMicrotask(() => this.#flush())
    return true
  }

  onData(chunk: Buffer): boolean {
    if (this.#phase === 'refused') return true
    this.#left -= chunk.length
    this.#hasBegun = true
    // The last write of an answer whose length is known can be one with its end.
    if (this.#left === 0) {
      this.#response.end(chunk)
      return true
    }
    if (this.#response.write(chunk)) return true
    this.#response.once('drain', this.#resume!)
    return false
  }

  /** @param given with the types of another day: they are bytes, as of `onHeaders`. */
  onComplete(given: readonly unknown[] | null): void {
    if (this.#refusal !== undefined) return this.#observer.onRefused(this.#refusal)
    const response = this.#response
    if (response.writableEnded) return
    const trailers = (given ?? []) as readonly Buffer[]
    if (trailers.length > 0) response.addTrailers(pairs(responseHeaders(trailers)))
    response.end()
  }

  onError(error: Error): void {
    if (this.#isAborted) return
    // An answer that has begun must not end as if it were whole.
    if (this.#phase === 'answering') {
      this.#response.destroy()
    } else if (isUnsendable(error)) {
      this.#observer.onFailed('LIBRING_REQUEST_INVALID')
    } else if (this.#abort === undefined) {
      this.#observer.onUnreachable()
    } else if (codeOf(error) === 'UND_ERR_HEADERS_TIMEOUT') {
      this.#observer.onFailed('LIBRING_OWNER_TIMEOUT')
    } else {
      this.#observer.onFailed('LIBRING_OWNER_FAILED')
    }
  }

  /** Whether the answer is sent in chunks, which trailers can follow. */
  #mayHaveTrailers(status: number): boolean {
    const { req } = this.#response
    const hasBody = req.method !== 'HEAD' && status !== 204 && status !== 304
    return hasBody && Number.isNaN(this.#left) && req.httpVersion === '1.1'
  }

  #flush(): void {
    if (!this.#hasBegun && !this.#response.writableEnded) this.#response.flushHeaders()
  }

  #inform(status: number, raw: readonly Buffer[]): void {
    if (status === 102) this.#response.writeProcessing()
    if (status !== 103) return
    const hints: Record<string, string | string[]> = {}
    for (const [name, value] of pairs(responseHeaders(raw))) {
      hints[name] = name in hints ? [hints[name]!, value].flat() : value
    }
    if ('link' in hints) this.#response.writeEarlyHints(hints)
  }
}

/**
 * Whether the request itself cannot be sent, which says nothing about the member: else whoever
 * asks for nonsense could have it held for unreachable.
 */
export function isUnsendable(error: Error): boolean {
  const code = codeOf(error)
  return code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_NOT_SUPPORTED'
}

function codeOf(error: Error): unknown {
  return 'code' in error ? error.code : undefined
}
