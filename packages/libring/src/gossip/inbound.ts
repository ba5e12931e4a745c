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

/** Most streams open at once. One more takes the place of one whose other end keeps us waiting. */
export const INBOUND_STREAMS_MAX = 128

/**
 * Most bytes of requests that are not whole yet, and of what was read of them: 64 MiB over all. More
 * take the place of those who have sent nothing for longest.
 */
export const UNREAD_BYTES_MAX = 67_108_864

/**
 * Most bytes of answers whose streams are not closed, so that they may not have been read: 64 MiB
 * over all. One more takes the place of the oldest. An answer that is longer goes out alone.
 */
const ANSWER_BYTES_MAX = 67_108_864

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
  /** Pieces of requests that came so far, over all streams. */
  #pieces = 0
  #unreadBytes = 0
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

  /** What is held of requests that are not whole. */
  get unreadBytes(): number {
    return this.#unreadBytes
  }

  /** Streams dropped because too many were open, or too much unread, or the node was not ready. */
  get refused(): number {
    return this.#refused
  }

  /** Streams dropped because their time was over. */
  get timedOut(): number {
    return this.#timedOut
  }

  /** Take a stream on, if need be in place of one that keeps us waiting. */
  accept(stream: Stream): StreamHandler {
    if (this.#open.size >= INBOUND_STREAMS_MAX && !this.#makeRoom()) return this.refuse(stream)
    const connection = ++this.#connections
    const inbound: Inbound = new Inbound(stream, this.#security, {
      onInput: (input) => this.#feed({ ...input, connection }),
      onClosed: () => this.#forget(connection),
      hold: (length) => this.#hold(inbound, length),
      letGo: (length) => void (this.#unreadBytes -= length),
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
    this.#makeRoomForAnswer(bytes?.length ?? 0)
    inbound.respond(bytes)
    this.#arm(connection, inbound)
  }

  closeAll(): void {
    for (const [connection, inbound] of this.#open) {
      inbound.stream.destroy()
      this.#forget(connection)
    }
  }

  /**
   * Drop the oldest stream that has not said a word, or else the oldest whose request is not
   * whole, or which was answered and is not closed: whoever holds streams open keeps nobody out.
   */
  #makeRoom(): boolean {
    const waiting = [...this.#open].filter(([, inbound]) => inbound.keepsUsWaiting)
    const [connection, inbound] = waiting.find(([, { isSilent }]) => isSilent) ?? waiting[0] ?? []
    if (connection === undefined || inbound === undefined) return false
    this.#drop(connection, inbound)
    return true
  }

  /** Drop the oldest streams whose answers may not have been read, as far as it takes. */
  #makeRoomForAnswer(length: number): void {
    let unreadBytes = length
    for (const { answerBytes } of this.#open.values()) unreadBytes += answerBytes
    for (const [connection, inbound] of this.#open) {
      if (unreadBytes <= ANSWER_BYTES_MAX) return
      if (inbound.answerBytes === 0) continue
      unreadBytes -= inbound.answerBytes
      this.#drop(connection, inbound)
    }
  }

  #drop(connection: number, inbound: Inbound): void {
    this.#refused++
    inbound.stream.destroy()
    this.#forget(connection)
  }

  /**
   * Make sure of the room for so much more of one request: who has sent nothing for longest gives way
   * to it, so that whoever waits with a lot keeps nobody out. False for a request that is itself longer
   * than all others together; nothing is held then.
   */
  #hold(asking: Inbound, length: number): boolean {
    asking.lastPiece = ++this.#pieces
    while (this.#unreadBytes + length > UNREAD_BYTES_MAX) {
      const othersBytes = this.#unreadBytes - asking.heldBytes
      if (asking.heldBytes + length > othersBytes) return false
      this.#dropSilentOtherThan(asking)
    }
    this.#unreadBytes += length
    return true
  }

  /** Drop the one that holds something and has sent nothing for longest. */
  #dropSilentOtherThan(asking: Inbound): void {
    const others = [...this.#open].filter(([, other]) => other !== asking && other.heldBytes > 0)
    const [connection, inbound] = others.reduce((silent, other) => {
      return other[1].lastPiece < silent[1].lastPiece ? other : silent
    })
    this.#drop(connection, inbound)
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
    const inbound = this.#open.get(connection)
    inbound?.timer?.cancel()
    inbound?.stopReading()
    this.#open.delete(connection)
  }
}

type InboundOutcome =
  | { readonly type: 'request'; readonly message: StreamMessage }
  | { readonly type: 'request-fault'; readonly fault: WireFault }

interface InboundOwner {
  onInput(input: InboundOutcome): void
  onClosed(): void
  /** May it keep so many more bytes until its request is whole? */
  hold(length: number): boolean
  letGo(length: number): void
  readonly acceptPeer: AcceptPeer | undefined
}

class Inbound implements StreamHandler {
  readonly stream: Stream
  timer: Timer | undefined
  /** Of the answer, once it is written. */
  answerBytes = 0
  /** Which of all pieces its last one was. */
  lastPiece = 0
  readonly #owner: InboundOwner
  readonly #opening: OpeningReader
  /** `undefined` once nothing is read any more: it holds what it has read. */
  #decoder: StreamDecoder | undefined
  #peer: StreamHandler | undefined
  #phase: Phase = 'reading'
  #heldBytes = 0

  constructor(stream: Stream, security: Security, owner: InboundOwner) {
    this.stream = stream
    this.#opening = new OpeningReader(security)
    this.#decoder = new StreamDecoder('dialling', security)
    this.#owner = owner
  }

  /** What is held of its request while that is not whole. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /** Whether it is for the other end to do something: to ask, or to close. */
  get keepsUsWaiting(): boolean {
    return this.#phase !== 'asked'
  }

  /** Whether not a byte of its request has come. */
  get isSilent(): boolean {
    return this.#phase === 'reading' && this.#heldBytes === 0
  }

  onBytes(bytes: Uint8Array): void {
    if (this.#peer !== undefined) return this.#peer.onBytes(bytes)
    if (this.#decoder === undefined) return
    if (this.#owner.acceptPeer !== undefined) {
      const opening = this.#opening.push(bytes)
      if (opening.kind === 'peer') {
        this.#peer = this.#owner.acceptPeer(this.stream)
        return this.#peer.onBytes(opening.rest)
      }
    }
    if (!this.#hold(bytes.length)) return
    const result = this.#decoder.push(bytes)
    if (result.status === 'message') this.#settle({ type: 'request', message: result.message })
    else if (result.status === 'fault') {
      this.#settle({ type: 'request-fault', fault: result.fault })
    } else {
      this.#hold(Math.max(0, this.#decoder.chargedBytes - this.#heldBytes))
    }
  }

  onEnd(): void {
    if (this.#peer !== undefined) return this.#peer.onEnd()
    if (this.#phase !== 'reading') return
    if (!this.isSilent) return this.#settle({ type: 'request-fault', fault: 'truncated' })
    // A stream that never carried a byte asked for nothing: a port scan, a health check.
    this.#phase = 'asked'
    this.respond(undefined)
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
    this.answerBytes = bytes?.length ?? 0
    this.stream.end()
  }

  /** Forget what was read. */
  stopReading(): void {
    this.#decoder = undefined
    this.#owner.letGo(this.#heldBytes)
    this.#heldBytes = 0
  }

  /** False when there is no room for so much more, which ends the request. */
  #hold(length: number): boolean {
    const isHeld = this.#owner.hold(length)
    if (isHeld) this.#heldBytes += length
    else this.#settle({ type: 'request-fault', fault: 'too-large' })
    return isHeld
  }

  #settle(outcome: InboundOutcome): void {
    this.#phase = 'asked'
    this.stopReading()
    this.#owner.onInput(outcome)
  }
}

const IGNORE: StreamHandler = { onBytes: () => {}, onEnd: () => {}, onClosed: () => {} }
