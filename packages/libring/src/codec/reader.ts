import { NO_BYTES } from '../base/bytes.ts'

/**
 * Why reading stopped.
 *
 *  - `truncated` the bytes ended first; more of them might help
 *  - `malformed` these bytes can never be what was asked for
 *  - `too-large` a stated limit was passed
 */
export type ReadFault = 'truncated' | 'malformed' | 'too-large'

/**
 * A cursor over bytes that came from a peer.
 *
 * Nothing here throws. The first fault sticks: from then on every read yields zero or no
 * bytes and moves nowhere, {@link remaining} is 0, and the decoder checks {@link fault} once,
 * at the end. A flood of bad packets then costs no stack traces.
 */
export class Reader {
  readonly #bytes: Uint8Array
  #offset: number
  #end: number
  #fault: ReadFault | undefined
  #wanted = 0

  /**
   * @param bytes a subclass of Uint8Array is taken as the plain thing, so that what is read
   *   from it is plain too: Node's Buffer differs in `slice` and in what it compares equal to.
   * @param offset where to begin; past the end counts as nothing left.
   */
  constructor(bytes: Uint8Array, offset = 0) {
    const isPlain = bytes.constructor === Uint8Array
    this.#bytes = isPlain ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
    this.#offset = Math.min(offset, bytes.length)
    this.#end = bytes.length
  }

  /** The first thing that went wrong, or `undefined`. */
  get fault(): ReadFault | undefined {
    return this.#fault
  }

  /** How many bytes of the input lie behind the cursor. */
  get offset(): number {
    return this.#offset
  }

  /** How many bytes are left; 0 after a fault. */
  get remaining(): number {
    return this.#end - this.#offset
  }

  /**
   * How long the input must be, counted from its first byte, before the read that found it
   * `truncated` can succeed. Spares a stream decoder from trying sooner. 0 without that fault.
   */
  get wanted(): number {
    return this.#wanted
  }

  /** Stop reading for a reason of the caller's. The first fault wins. */
  fail(fault: ReadFault): void {
    if (this.#fault !== undefined) return
    this.#fault = fault
    this.#end = this.#offset
  }

  /** The next byte, left where it is. */
  peek(): number {
    return this.#has(1) ? this.#bytes[this.#offset]! : 0
  }

  uint8(): number {
    return this.#has(1) ? this.#bytes[this.#offset++]! : 0
  }

  /** Big-endian, as every fixed-width number of the protocol is. */
  uint16(): number {
    if (!this.#has(2)) return 0
    const high = this.#bytes[this.#offset++]!
    return (high << 8) | this.#bytes[this.#offset++]!
  }

  /** Big-endian. */
  uint32(): number {
    if (!this.#has(4)) return 0
    const high = this.uint16()
    return high * 0x1_0000 + this.uint16()
  }

  /** Big-endian. */
  uint64(): bigint {
    if (!this.#has(8)) return 0n
    const high = BigInt(this.uint32())
    return (high << 32n) | BigInt(this.uint32())
  }

  /** Big-endian IEEE 754. */
  float64(): number {
    return floatOf(this.view(8))
  }

  /** Big-endian IEEE 754, single precision. */
  float32(): number {
    return floatOf(this.view(4))
  }

  /** A view of the next `length` bytes: no copy, valid as long as the input is. */
  view(length: number): Uint8Array {
    if (!this.#has(length)) return NO_BYTES
    this.#offset += length
    return this.#bytes.subarray(this.#offset - length, this.#offset)
  }

  /** Pass over the next bytes if they are just these; otherwise stay, which is no fault. */
  skipIf(expected: Uint8Array): boolean {
    if (this.remaining < expected.length) return false
    for (let i = 0; i < expected.length; i++) {
      if (this.#bytes[this.#offset + i] !== expected[i]) return false
    }
    this.#offset += expected.length
    return true
  }

  /** Pass over `length` bytes. */
  skip(length: number): void {
    if (this.#has(length)) this.#offset += length
  }

  #has(length: number): boolean {
    if (this.#end - this.#offset >= length) return true
    if (this.#fault === undefined) {
      this.#wanted = this.#offset + length
      this.fail('truncated')
    }
    return false
  }
}

function floatOf(bytes: Uint8Array): number {
  if (bytes.length === 0) return 0
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return bytes.length === 4 ? view.getFloat32(0) : view.getFloat64(0)
}
