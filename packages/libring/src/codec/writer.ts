const CAPACITY_MIN = 64

/** A buffer that has grown beyond this is not kept for what is written next. */
const KEPT_BYTES_MAX = 65_536

/** Up to this length, copying byte by byte beats asking the engine to. */
const SHORT_BYTES = 24

/** Bytes in the making: a buffer that grows. Fixed-width numbers are big-endian. */
export class Writer {
  #bytes: Uint8Array
  #length = 0

  /** @param capacity bytes to make room for at once; a good guess saves copying. */
  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(Math.max(capacity, CAPACITY_MIN))
  }

  /** How many bytes have been written. */
  get length(): number {
    return this.#length
  }

  /** Begin anew, in the buffer there is: making one is most of what short messages cost. */
  clear(): void {
    this.#length = 0
    if (this.#bytes.length > KEPT_BYTES_MAX) this.#bytes = new Uint8Array(CAPACITY_MIN)
  }

  /** @param value the lowest 8 bits count. */
  uint8(value: number): void {
    this.#reserve(1)
    this.#bytes[this.#length++] = value
  }

  /** @param value the lowest 16 bits count. */
  uint16(value: number): void {
    this.#reserve(2)
    this.#bytes[this.#length++] = value >>> 8
    this.#bytes[this.#length++] = value
  }

  /** @param value the lowest 32 bits count. */
  uint32(value: number): void {
    this.uint16(value >>> 16)
    this.uint16(value)
  }

  /** @param value the lowest 64 bits count, so negative numbers come out in two's complement. */
  uint64(value: bigint): void {
    this.uint32(Number(BigInt.asUintN(32, value >> 32n)))
    this.uint32(Number(BigInt.asUintN(32, value)))
  }

  float64(value: number): void {
    const bytes = new Uint8Array(8)
    new DataView(bytes.buffer).setFloat64(0, value)
    this.bytes(bytes)
  }

  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    if (bytes.length > SHORT_BYTES) {
      this.#bytes.set(bytes, this.#length)
      this.#length += bytes.length
    } else {
      for (let i = 0; i < bytes.length; i++) this.#bytes[this.#length++] = bytes[i]!
    }
  }

  /** A copy of what was written, as long as that is. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }

  #reserve(more: number): void {
    const needed = this.#length + more
    if (needed <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length))
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
  }
}
