import { concatBytes } from '../base/bytes.ts'
import { LibringError, OptionError } from '../base/errors.ts'
import { requireWhole } from '../base/require.ts'
import { Deferred } from './deferred.ts'
import type { PeerStream } from './peer-stream.ts'

/**
 * What a request or its reply consists of: all at once, or piece by piece. A piece that was
 * yielded must not change before the next one is asked for.
 */
export type PeerBody = Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>

/** What {@link ReceivedBody.bytes} takes in unless told otherwise: 1 MiB. */
const BYTES_MAX = 1_048_576

/**
 * A body as it arrives, for one reader. Whoever does not ask for more stops the peer from sending
 * more: at most 263,168 bytes wait here.
 */
export class ReceivedBody implements AsyncIterable<Uint8Array> {
  readonly #stream: PeerStream
  readonly #onLeft: () => void
  #news = new Deferred<void>()
  #failure: { readonly error: unknown } | undefined
  #chunks: AsyncGenerator<Uint8Array, void, void> | undefined

  /** @param onLeft called when the reader has the whole body, or does not want the rest. */
  constructor(stream: PeerStream, onLeft: () => void) {
    this.#stream = stream
    this.#onLeft = onLeft
  }

  /** The pieces, cut anywhere, that were not read yet. */
  [Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, void> {
    this.#chunks ??= this.#read()
    return this.#chunks
  }

  /**
   * All of it that was not read yet.
   *
   * @param limitBytes 0 to 1,073,741,824; 1 MiB unless given.
   * @throws {LibringError} `LIBRING_PEER_FAILED` when there is more; the rest is not read then.
   */
  async bytes(limitBytes: number = BYTES_MAX): Promise<Uint8Array> {
    requireWhole('limitBytes', limitBytes, 0, 1_073_741_824)
    const chunks: Uint8Array[] = []
    let left = limitBytes
    for await (const chunk of this) {
      left -= chunk.length
      if (left < 0) {
        throw new LibringError('LIBRING_PEER_FAILED', `the body has more than ${limitBytes} bytes`)
      }
      chunks.push(chunk)
    }
    return concatBytes(chunks)
  }

  /** There may be more to read. */
  notify(): void {
    this.#news.resolve()
  }

  /** There will be no more, and this is why. The first reason counts. */
  fail(error: unknown): void {
    this.#failure ??= { error }
    this.#news.resolve()
  }

  async *#read(): AsyncGenerator<Uint8Array, void, void> {
    try {
      for (;;) {
        this.#news = new Deferred()
        if (this.#failure !== undefined) throw this.#failure.error
        const chunk = this.#stream.read()
        if (chunk === 'end') return
        if (chunk === 'wait') await this.#news.promise
        else yield chunk
      }
    } finally {
      this.#onLeft()
    }
  }
}

/** Says a body over a stream, no faster than the peer reads it. */
export class SentBody {
  readonly #stream: PeerStream
  #iterator: Iterator<unknown> | AsyncIterator<unknown> | undefined
  #drained = new Deferred<void>()
  #isOver = false

  constructor(stream: PeerStream) {
    this.#stream = stream
  }

  /**
   * Resolves when all is on its way or nobody wants it any more.
   *
   * @throws {OptionError} when `body` is none, or consists of something else than bytes.
   * @throws whatever the iterable throws.
   */
  async send(body: unknown): Promise<void> {
    if (body instanceof Uint8Array) return this.#stream.finish(body)
    if (body !== undefined) await this.#sendPieces(body)
    this.#stream.finish()
  }

  onDrained(): void {
    this.#drained.resolve()
  }

  /** Nothing can be sent any more; whoever makes the pieces is told to stop. */
  onOver(): void {
    this.#isOver = true
    this.#drained.resolve()
    this.#stop()
  }

  async #sendPieces(body: unknown): Promise<void> {
    const iterator = iteratorOf(body)
    this.#iterator = iterator
    while (!this.#isOver) {
      const { done, value } = await iterator.next()
      if (done === true) {
        this.#iterator = undefined
        return
      }
      if (!(value instanceof Uint8Array)) throw notBytes(value)
      this.#drained = new Deferred()
      if (!this.#stream.write(value) && !this.#isOver) await this.#drained.promise
    }
  }

  /** The iterator may be busy, and may fail: neither matters any more. */
  #stop(): void {
    const iterator = this.#iterator
    this.#iterator = undefined
    const stopping = async (): Promise<void> => void (await iterator?.return?.())
    stopping().catch(() => {})
  }
}

function iteratorOf(body: unknown): Iterator<unknown> | AsyncIterator<unknown> {
  if (typeof body === 'object' && body !== null) {
    if (Symbol.asyncIterator in body)
      return (body as AsyncIterable<unknown>)[Symbol.asyncIterator]()
    if (Symbol.iterator in body) return (body as Iterable<unknown>)[Symbol.iterator]()
  }
  throw notBytes(body)
}

function notBytes(value: unknown): OptionError {
  return new OptionError('body', 'bytes or an iterable of bytes', value)
}
