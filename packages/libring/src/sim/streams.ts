import type { Address } from '../base/address.ts'
import { below, type Random } from '../base/random.ts'
import type { Millis } from '../base/time.ts'
import type { Stream, StreamHandler } from '../ports/transport.ts'
import type { SimClock } from './clock.ts'
import { latencyOf, retransmitDelayOf, type Conditions } from './links.ts'
import type { SimProcess } from './process.ts'

/** Bytes arrive in pieces of 1 byte to 2 to the power of this. */
const CUT_LOG2 = 16

/** What a network carries as one. */
const PACKET_BYTES = 1_460

/** What one end of a stream needs of whoever owns it. */
export interface EndSetup {
  readonly clock: SimClock
  readonly random: Random
  /** The process at this end. */
  readonly owner: SimProcess
  readonly peer: Address
  /** The way to the other end, as it is now. */
  readonly link: () => Conditions
  readonly onWritten: (length: number) => void
  readonly onEnded: () => void
  readonly onClosed: (error: Error | undefined) => void
}

/**
 * One end of a simulated stream. Bytes keep their order and arrive late, cut anywhere; what
 * breaks is told to both ends, each in its own time.
 */
export class StreamEnd implements Stream {
  readonly peer: Address
  readonly #setup: EndSetup
  #handler: StreamHandler | undefined
  #other: StreamEnd | undefined
  /** Nothing is sent before this: the time at which the handshake is over. */
  #connectedMs: Millis = 0
  /** When the last byte written has left. */
  #departureMs: Millis = 0
  /** When the last thing sent arrives: nothing overtakes it. */
  #arrivalMs: Millis = 0
  #hasEnded = false
  #peerHasEnded = false
  #isClosed = false

  constructor(setup: EndSetup) {
    this.#setup = setup
    this.peer = setup.peer
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  listen(handler: StreamHandler): void {
    this.#handler = handler
  }

  /** Join both ends. What the dialler wrote before leaves when the handshake is over. */
  static connect(dialler: StreamEnd, listener: StreamEnd): void {
    dialler.#other = listener
    listener.#other = dialler
  }

  /** Hold back what is written until `connectedMs`. */
  holdUntil(connectedMs: Millis): void {
    this.#connectedMs = connectedMs
  }

  /** Tell the handler, if it wants to know, when the handshake is over; and nothing before. */
  tellConnected(): void {
    const { clock, owner } = this.#setup
    if (this.#handler?.onConnected === undefined || this.#other === undefined) return
    this.#other.#arrivalMs = this.#connectedMs
    clock.at(this.#connectedMs, () => {
      owner.arrive(() => {
        if (!this.#isClosed) this.#handler?.onConnected?.()
      })
    })
  }

  write(bytes: Uint8Array): void {
    if (this.#isClosed || this.#hasEnded || bytes.length === 0) return
    const { random, onWritten, link } = this.#setup
    onWritten(bytes.length)
    const lateMs = retransmitDelayOf(link(), random)
    // What fits into one packet mostly comes in one piece.
    const isWhole = bytes.length <= PACKET_BYTES && below(random, 4) > 0
    for (let at = 0; at < bytes.length;) {
      const limit = isWhole ? bytes.length : 1 + below(random, 2 ** below(random, CUT_LOG2 + 1))
      const chunk = bytes.slice(at, at + limit)
      at += chunk.length
      this.#send((other) => other.#onBytes(chunk), { length: chunk.length, lateMs })
    }
  }

  end(): void {
    if (this.#isClosed || this.#hasEnded) return
    this.#hasEnded = true
    this.#setup.onEnded()
    this.#send((other) => other.#onEnd())
    if (this.#peerHasEnded) this.#close(undefined)
  }

  destroy(): void {
    if (this.#isClosed) return
    this.#send((other) => other.break('the other end broke the stream off'))
    this.break('the stream was broken off')
  }

  /** The stream is over, whatever this end wanted; the other end is not told. */
  break(reason: string): void {
    const isClean = this.#hasEnded && this.#peerHasEnded
    this.#close(isClean ? undefined : new Error(reason))
  }

  /** Nobody is left to be told anything: the process is gone. */
  vanish(): void {
    this.#isClosed = true
    this.#handler = undefined
  }

  #send(deliver: (other: StreamEnd) => void, { length = 0, lateMs = 0 } = {}): void {
    const { clock, random } = this.#setup
    const link = this.#setup.link()
    const startMs = Math.max(clock.nowMs(), this.#connectedMs, this.#departureMs)
    this.#departureMs = startMs + (1_000 * length) / link.streamBytesPerSecond
    const arrivalMs = this.#departureMs + latencyOf(link, random) + lateMs
    this.#arrivalMs = Math.max(this.#arrivalMs, arrivalMs)
    clock.at(this.#arrivalMs, () => {
      // The other end is looked up on arrival, as it may not be there yet when bytes are sent.
      const other = this.#other
      if (other === undefined || other.#isClosed) return
      other.#setup.owner.arrive(() => {
        if (!other.#isClosed) deliver(other)
      })
    })
  }

  #onBytes(chunk: Uint8Array): void {
    this.#handler?.onBytes(chunk)
  }

  #onEnd(): void {
    this.#peerHasEnded = true
    this.#handler?.onEnd()
    if (this.#hasEnded) this.#close(undefined)
  }

  /** Told later, never from within a call of the handler's owner. */
  #close(error: Error | undefined): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#setup.onClosed(error)
    const { clock, owner } = this.#setup
    clock.after(0, () => owner.arrive(() => this.#handler?.onClosed(error)))
  }
}
