import { concatBytes, NO_BYTES } from '../base/bytes.ts'
import { invariant } from '../base/errors.ts'
import { Fifo } from '../base/fifo.ts'
import type { Stream, StreamHandler } from '../ports/transport.ts'
import { PeerDecoder } from '../wire/peer-decoder.ts'
import { peerOpening } from '../wire/peer-opening.ts'
import { PeerSeal } from '../wire/peer-seal.ts'
import { PEER_CHUNK_COST_BYTES, ReceiveWindow, SendWindow } from '../wire/peer-window.ts'
import { encodePeerFrame, type PeerFault, type PeerFrame, type PeerHead } from '../wire/peer.ts'
import type { Security, StreamEnd } from '../wire/security.ts'

/** How an exchange with a peer ended. */
export type PeerEnding =
  /** All that was wanted was said and heard. */
  | { readonly type: 'done' }
  /** Nobody got the request, for this reason. */
  | { readonly type: 'unreachable'; readonly reason: string }
  /** The end that accepts answered, or broke off its answer, with an error. */
  | { readonly type: 'refused'; readonly code: string; readonly reason: string }
  /** The stream broke; the request may have been dealt with. */
  | { readonly type: 'broken'; readonly reason: string }
  /** The other end did not keep to the protocol. */
  | { readonly type: 'fault'; readonly fault: PeerFault }
  /** Too many exchanges wait for their turn already. */
  | { readonly type: 'busy' }
  | { readonly type: 'timed-out' }
  /** Called off at this end. */
  | { readonly type: 'cancelled' }
  /** The node closes. */
  | { readonly type: 'closed' }

/** Whoever uses one end of a stream. */
export interface PeerOwner {
  /** There is something new to {@link PeerStream.read}. */
  onReadable(): void
  /** All that was written is on its way, and more may be written. */
  onDrained(): void
  /** Exactly once, last. Nothing can be written any more; nor read, unless it is done. */
  onOver(ending: PeerEnding): void
}

/** What a stream tells whoever keeps the books, and through it the owner. */
export interface PeerStreamEvents extends PeerOwner {
  /** The request's beginning, at the end that accepts. Comes first. */
  onHead(head: PeerHead): void
  /** The stream itself is closed. May come long after the end of the exchange. */
  onGone(): void
}

/**
 * One end of a stream between peers: frames in and out, at the pace of whoever reads.
 *
 * Holds at most {@link PEER_WINDOW_BYTES} not yet read, one frame not yet whole, and a view of
 * what was given to {@link write} last. What the stream itself has queued is within the window of
 * the other end.
 */
export class PeerStream implements StreamHandler {
  readonly #end: StreamEnd
  readonly #security: Security
  readonly #events: PeerStreamEvents
  readonly #seal: PeerSeal
  readonly #decoder: PeerDecoder
  readonly #sending = new SendWindow()
  readonly #receiving = new ReceiveWindow()
  readonly #unread = new Fifo<Uint8Array>()
  readonly #outbox: Uint8Array[] = []
  #stream: Stream | undefined
  #unreadBytes = 0
  #unsent: Uint8Array = NO_BYTES
  #isEnding = false
  #hasEnded = false
  #peerHasEnded = false
  #isConnected = false
  #isDetached = false
  #ending: PeerEnding | undefined

  constructor(end: StreamEnd, security: Security, events: PeerStreamEvents) {
    this.#end = end
    this.#security = security
    this.#events = events
    this.#seal = new PeerSeal(end, security)
    this.#decoder = new PeerDecoder(end === 'dialling' ? 'accepting' : 'dialling', this.#seal)
  }

  /** How it ended, once it has. */
  get ending(): PeerEnding | undefined {
    return this.#ending
  }

  /** Bytes of both bodies that wait: here to be read, and beyond until the peer has read them. */
  get bufferedBytes(): number {
    return this.#unreadBytes + (this.#isDetached ? 0 : this.#sending.usedBytes)
  }

  attach(stream: Stream): void {
    this.#stream = stream
  }

  /** Begin a request. What follows at once goes out with it, at {@link flush}. */
  open(head: PeerHead): void {
    this.#outbox.push(peerOpening(this.#security))
    this.#send({ type: 'head', head })
  }

  /**
   * Say `bytes`, which must not change until they are on their way: at once, which is returned,
   * or when `onDrained` tells. Until then no more may be written.
   */
  write(bytes: Uint8Array): boolean {
    if (this.#ending !== undefined || this.#isDetached) return false
    invariant(this.#unsent.length === 0 && !this.#isEnding, 'one piece of a body waits at most')
    this.#unsent = bytes
    this.#pump()
    this.flush()
    return this.#unsent.length === 0
  }

  /** Say `bytes`, if any, and that the body is whole with them, once all of it is on its way. */
  finish(bytes: Uint8Array = NO_BYTES): void {
    if (this.#ending !== undefined || this.#isDetached) return
    if (bytes.length > 0) {
      invariant(this.#unsent.length === 0 && !this.#isEnding, 'one piece of a body waits at most')
      this.#unsent = bytes
    }
    this.#isEnding = true
    this.#pump()
    this.flush()
    this.#settle()
  }

  /** Answer with an error, in place of what is left of the reply. */
  refuse(code: string, reason: string): void {
    if (this.#ending !== undefined) return
    this.#send({ type: 'error', code, reason })
    this.flush()
    this.#close({ type: 'refused', code, reason })
  }

  /** The next chunk; `end` when there will be none; `wait` when `onReadable` will tell. */
  read(): Uint8Array | 'end' | 'wait' {
    const chunk = this.#unread.take()
    if (chunk === undefined) {
      this.#settle()
      return this.#peerHasEnded ? 'end' : 'wait'
    }
    this.#unreadBytes -= chunk.length + PEER_CHUNK_COST_BYTES
    const credit = this.#receiving.release(chunk.length)
    if (credit > 0 && !this.#peerHasEnded && this.#ending === undefined) {
      this.#send({ type: 'credit', bytes: credit })
      this.flush()
    }
    return chunk
  }

  /** End it here and now, without a word. Does nothing once it is over. */
  destroy(ending: PeerEnding): void {
    this.#close(ending)
  }

  /** Let go of the stream itself, answered or not. */
  drop(): void {
    this.#close({ type: 'closed' })
    this.#isDetached = true
    this.#stream?.destroy()
  }

  /** Write what was said. */
  flush(): void {
    const frames = this.#outbox.splice(0)
    if (frames.length === 0) return
    this.#stream?.write(frames.length === 1 ? frames[0]! : concatBytes(frames))
  }

  // ── what the stream tells ────────────────────────────────────────────────────────────────────

  onConnected(): void {
    this.#isConnected = true
  }

  onBytes(bytes: Uint8Array): void {
    if (this.#isDetached) return
    this.#isConnected = true
    for (const frame of this.#decoder.push(bytes)) {
      this.#take(frame)
      if (this.#isDetached) return
    }
    this.#checkDecoder()
  }

  /** Neither end closes its side before it has what it wants. */
  onEnd(): void {
    if (this.#isDetached) return
    this.#decoder.end()
    this.#checkDecoder()
    this.#close({ type: 'broken', reason: 'the other end went away' })
  }

  onClosed(error: Error | undefined): void {
    const reason = error?.message ?? 'the other end went away'
    if (!this.#isDetached) {
      this.#close({ type: this.#isConnected ? 'broken' : 'unreachable', reason })
    }
    this.#events.onGone()
  }

  // ─────────────────────────────────────────────────────────────────────────────────────────────

  #take(frame: PeerFrame): void {
    switch (frame.type) {
      case 'head':
        return this.#events.onHead(frame.head)
      case 'chunk':
        return this.#takeChunk(frame.bytes)
      case 'end':
        this.#peerHasEnded = true
        // Whoever dialled has all there will be. What it has not said yet, nobody wants to hear.
        if (this.#end === 'dialling') this.#detach()
        this.#events.onReadable()
        return this.#settle()
      case 'error':
        return this.#close({ type: 'refused', code: frame.code, reason: frame.reason })
      case 'credit': {
        if (!this.#sending.refill(frame.bytes)) {
          return this.#close({ type: 'fault', fault: 'overrun' })
        }
        const wasWaiting = this.#unsent.length > 0
        this.#pump()
        this.flush()
        if (wasWaiting && this.#unsent.length === 0 && !this.#isEnding) this.#events.onDrained()
        return this.#settle()
      }
    }
  }

  #takeChunk(bytes: Uint8Array): void {
    if (!this.#receiving.admit(bytes.length)) {
      return this.#close({ type: 'fault', fault: 'overrun' })
    }
    this.#unread.push(bytes)
    this.#unreadBytes += bytes.length + PEER_CHUNK_COST_BYTES
    this.#events.onReadable()
  }

  #checkDecoder(): void {
    const { fault } = this.#decoder
    if (fault !== undefined) this.#close({ type: 'fault', fault })
  }

  /** Turn what is to be said into frames, as far as there is credit. */
  #pump(): void {
    if (this.#hasEnded || this.#isDetached) return
    let length = this.#sending.next(this.#unsent.length)
    while (this.#unsent.length > 0 && length > 0) {
      this.#send({ type: 'chunk', bytes: this.#unsent.subarray(0, length) })
      this.#sending.spend(length)
      this.#unsent = this.#unsent.subarray(length)
      length = this.#sending.next(this.#unsent.length)
    }
    if (this.#unsent.length > 0 || !this.#isEnding) return
    this.#unsent = NO_BYTES
    this.#hasEnded = true
    this.#send({ type: 'end' })
  }

  #send(frame: PeerFrame): void {
    this.#outbox.push(this.#seal.wrap(encodePeerFrame(frame)))
  }

  /** Whoever accepts is done when it has replied; whoever dialled, when it has read the reply. */
  #settle(): void {
    const isDone =
      this.#end === 'accepting' ? this.#hasEnded : this.#peerHasEnded && this.#unread.size === 0
    if (isDone) this.#close({ type: 'done' })
  }

  #close(ending: PeerEnding): void {
    if (this.#ending !== undefined) return
    this.#ending = ending
    const isAnswered = ending.type === 'done' || ending.type === 'refused'
    // Whoever dialled closes first, so that it has the answer by then.
    if (this.#end === 'accepting' && isAnswered) {
      this.#isDetached = true
      this.#stream?.end()
    } else {
      this.#detach()
    }
    this.#unsent = NO_BYTES
    while (this.#unread.take() !== undefined);
    this.#unreadBytes = 0
    this.#events.onOver(ending)
  }

  /** Hear no more of the stream. */
  #detach(): void {
    if (this.#isDetached) return
    this.#isDetached = true
    this.#stream?.destroy()
  }
}
