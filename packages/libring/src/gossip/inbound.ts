import type { Millis } from '../base/time.ts'
import type { Clock, Timer } from '../ports/clock.ts'
import type { Stream, StreamHandler } from '../ports/transport.ts'
import type { StreamMessage, WireFault } from '../wire/messages.ts'
import type { Security } from '../wire/security.ts'
import { OpeningReader } from '../wire/peer-opening.ts'
import { StreamDecoder } from '../wire/stream.ts'

/** What came in over a stream that somebody dialled. */
export type InboundInput =
  | { readonly type: 'request'; readonly connection: number; readonly message: StreamMessage }
  | { readonly type: 'request-fault'; readonly connection: number; readonly fault: WireFault }

/** Streams answered at once; one more is dropped, as memberlist does with push/pulls. */
const STREAMS_MAX = 128

/** `reading` until the request is whole, `asked` until it is answered, then `closing`. */
type Phase = 'reading' | 'asked' | 'closing'

/** Takes over a stream that turns out to be one between peers. */
export type AcceptPeer = (stream: Stream) => StreamHandler

/**
 * Streams that others dialled: each carries one request in and at most one answer out, within
 * a deadline that starts anew when the answer is sent.
 */
export class InboundStreams {
  readonly #clock: Clock
  readonly #timeoutMs: Millis
  readonly #security: Security
  readonly #feed: (input: InboundInput) => void
  readonly #acceptPeer: AcceptPeer | undefined
  readonly #open = new Map<number, Inbound>()
  #connections = 0
  #refused = 0
  #timedOut = 0

  constructor(setup: {
    readonly clock: Clock
    readonly timeoutMs: Millis
    readonly security: Security
    readonly feed: (input: InboundInput) => void
    /** Without it, such a stream is of an unknown type like any other. */
    readonly acceptPeer?: AcceptPeer
  }) {
    this.#clock = setup.clock
    this.#timeoutMs = setup.timeoutMs
    this.#security = setup.security
    this.#feed = setup.feed
    this.#acceptPeer = setup.acceptPeer
  }

  /** Streams now open. */
  get size(): number {
    return this.#open.size
  }

  /** Streams dropped at once, because too many were open or the node was not ready. */
  get refused(): number {
    return this.#refused
  }

  /** Streams dropped because their time was over. */
  get timedOut(): number {
    return this.#timedOut
  }

  accept(stream: Stream): StreamHandler {
    if (this.#open.size >= STREAMS_MAX) return this.refuse(stream)
    const connection = ++this.#connections
    const inbound = new Inbound(stream, this.#security, {
      onInput: (input) => this.#feed({ ...input, connection }),
      onClosed: () => this.#forget(connection),
      acceptPeer: this.#acceptPeer && ((peer) => this.#handOver(connection, peer)),
    })
    this.#open.set(connection, inbound)
    this.#arm(connection, inbound)
    return inbound
  }

  refuse(stream: Stream): StreamHandler {
    this.#refused++
    stream.destroy()
    return IGNORE
  }

  /** Send the answer and close, or just close. Ignored once the stream is gone. */
  respond(connection: number, bytes: Uint8Array | undefined): void {
    const inbound = this.#open.get(connection)
    if (inbound === undefined) return
    inbound.respond(bytes)
    this.#arm(connection, inbound)
  }

  closeAll(): void {
    for (const [connection, inbound] of this.#open) {
      inbound.stream.destroy()
      this.#forget(connection)
    }
  }

  #arm(connection: number, inbound: Inbound): void {
    inbound.timer?.cancel()
    inbound.timer = this.#clock.at(this.#clock.nowMs() + this.#timeoutMs, () => {
      this.#timedOut++
      inbound.stream.destroy()
      this.#forget(connection)
    })
  }

  /** A stream between peers is none of ours from here on. */
  #handOver(connection: number, stream: Stream): StreamHandler {
    this.#forget(connection)
    return this.#acceptPeer?.(stream) ?? IGNORE
  }

  #forget(connection: number): void {
    this.#open.get(connection)?.timer?.cancel()
    this.#open.delete(connection)
  }
}

type InboundOutcome =
  | { readonly type: 'request'; readonly message: StreamMessage }
  | { readonly type: 'request-fault'; readonly fault: WireFault }

interface InboundOwner {
  onInput(input: InboundOutcome): void
  onClosed(): void
  readonly acceptPeer: AcceptPeer | undefined
}

class Inbound implements StreamHandler {
  readonly stream: Stream
  timer: Timer | undefined
  readonly #owner: InboundOwner
  readonly #opening: OpeningReader
  readonly #decoder: StreamDecoder
  #peer: StreamHandler | undefined
  #phase: Phase = 'reading'
  #hasBytes = false

  constructor(stream: Stream, security: Security, owner: InboundOwner) {
    this.stream = stream
    this.#opening = new OpeningReader(security)
    this.#decoder = new StreamDecoder('dialling', security)
    this.#owner = owner
  }

  onBytes(bytes: Uint8Array): void {
    if (this.#peer !== undefined) return this.#peer.onBytes(bytes)
    if (this.#phase !== 'reading') return
    if (this.#owner.acceptPeer !== undefined) {
      const opening = this.#opening.push(bytes)
      if (opening.kind === 'peer') {
        this.#peer = this.#owner.acceptPeer(this.stream)
        return this.#peer.onBytes(opening.rest)
      }
    }
    this.#hasBytes ||= bytes.length > 0
    const result = this.#decoder.push(bytes)
    if (result.status === 'more') return
    this.#phase = 'asked'
    this.#owner.onInput(
      result.status === 'message'
        ? { type: 'request', message: result.message }
        : { type: 'request-fault', fault: result.fault },
    )
  }

  onEnd(): void {
    if (this.#peer !== undefined) return this.#peer.onEnd()
    if (this.#phase !== 'reading') return
    this.#phase = 'asked'
    // A stream that never carried a byte asked for nothing: a port scan, a health check.
    if (this.#hasBytes) this.#owner.onInput({ type: 'request-fault', fault: 'truncated' })
    else this.respond(undefined)
  }

  onClosed(error: Error | undefined): void {
    if (this.#peer !== undefined) return this.#peer.onClosed(error)
    this.#phase = 'closing'
    this.#owner.onClosed()
  }

  respond(bytes: Uint8Array | undefined): void {
    if (this.#phase !== 'asked') return
    this.#phase = 'closing'
    if (bytes !== undefined) this.stream.write(bytes)
    this.stream.end()
  }
}

const IGNORE: StreamHandler = { onBytes: () => {}, onEnd: () => {}, onClosed: () => {} }
