import { NO_BYTES } from '../base/bytes.ts'
import {
  PEER_FRAME_HEADER_BYTES,
  readFrameHeader,
  type FrameHeader,
  type PeerSeal,
} from './peer-seal.ts'
import {
  decodePeerFrame,
  PEER_FRAME_BYTES_MAX,
  PEER_HEAD_BYTES_MAX,
  type PeerFault,
  type PeerFrame,
} from './peer.ts'
import { SEAL_OVERHEAD_BYTES } from './seal.ts'
import type { StreamEnd } from './security.ts'

/** What may come next: the head, the body, or nothing but credit. */
type Place = 'head' | 'body' | 'after'

/**
 * Reads what one end of a stream between peers says, as its bytes arrive, in chunks of any size.
 *
 * Never throws. Holds one frame at most, and of a dialling end that has said nothing yet, no more
 * than a head. The first fault stays, and later bytes are ignored. Chunks are copied.
 */
export class PeerDecoder {
  readonly #sender: StreamEnd
  readonly #seal: PeerSeal
  #place: Place
  #header: FrameHeader | undefined
  #part: Uint8Array = new Uint8Array(PEER_FRAME_HEADER_BYTES)
  #filled = 0
  #fault: PeerFault | undefined

  /**
   * @param sender which end says what is read here.
   * @param seal that of the end which reads.
   */
  constructor(sender: StreamEnd, seal: PeerSeal) {
    this.#sender = sender
    this.#seal = seal
    this.#place = sender === 'dialling' ? 'head' : 'body'
  }

  get fault(): PeerFault | undefined {
    return this.#fault
  }

  /** The frames that `bytes` complete. Those before a fault are given. */
  push(bytes: Uint8Array): readonly PeerFrame[] {
    const frames: PeerFrame[] = []
    let at = 0
    while (this.#fault === undefined && at < bytes.length) {
      const taken = bytes.subarray(at, at + this.#part.length - this.#filled)
      this.#part.set(taken, this.#filled)
      this.#filled += taken.length
      at += taken.length
      if (this.#filled < this.#part.length) break
      const frame = this.#complete()
      if (frame !== undefined) frames.push(frame)
    }
    return frames
  }

  /** No more bytes will come. What they end in, or before, is a fault unless the body was whole. */
  end(): void {
    if (this.#place !== 'after' || this.#filled > 0) this.#fail('truncated')
  }

  /** The header is there, or the frame. */
  #complete(): PeerFrame | undefined {
    if (this.#header === undefined) return this.#begin()
    const frame = this.#seal.unwrap(this.#header, this.#part)
    this.#header = undefined
    this.#expect(PEER_FRAME_HEADER_BYTES)
    const decoded = typeof frame === 'string' ? frame : decodePeerFrame(frame)
    if (typeof decoded === 'string') return this.#fail(decoded)
    return this.#admits(decoded) ? decoded : this.#fail('order')
  }

  #begin(): undefined {
    const header = readFrameHeader(this.#part)
    if (header === undefined) return this.#fail('unknown-type')
    const bytesMax = this.#place === 'head' ? PEER_HEAD_BYTES_MAX : PEER_FRAME_BYTES_MAX
    if (header.length === 0) return this.#fail('empty')
    if (header.length > bytesMax + (header.isSealed ? SEAL_OVERHEAD_BYTES : 0)) {
      return this.#fail('too-large')
    }
    this.#header = header
    this.#expect(header.length)
  }

  #admits({ type }: PeerFrame): boolean {
    if (this.#place === 'head') {
      this.#place = 'body'
      return type === 'head'
    }
    if (type === 'credit') return true
    if (this.#place === 'after' || type === 'head') return false
    if (type === 'end' || type === 'error') this.#place = 'after'
    return type !== 'error' || this.#sender === 'accepting'
  }

  #expect(length: number): void {
    this.#part = new Uint8Array(length)
    this.#filled = 0
  }

  #fail(fault: PeerFault): undefined {
    this.#fault ??= fault
    this.#part = NO_BYTES
    this.#filled = 0
  }
}
