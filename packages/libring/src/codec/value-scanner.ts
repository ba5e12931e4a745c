import { NO_BYTES } from '../base/bytes.ts'
import { skipHead } from './msgpack-forms.ts'
import { Reader, type ReadFault } from './reader.ts'

/**
 * How far one value reaches, found out as its bytes arrive. Every byte is looked at once, however
 * they are cut, and nesting costs nothing: all that is remembered is how many parts are missing.
 */
export class ValueExtent {
  #length = 0
  #missing = 1
  #wanted = 1

  /** Bytes looked at so far; all that the value has once it is whole. */
  get length(): number {
    return this.#length
  }

  /** No use looking again before there are so many bytes of it. */
  get wanted(): number {
    return this.#wanted
  }

  /**
   * Look at what has come: `truncated` as long as the value is not whole.
   *
   * @param bytes those of the value from its first one on, and perhaps some behind it.
   * @param bytesMax the most that the value may have: it is `too-large` as soon as it says so.
   */
  grow(bytes: Uint8Array, bytesMax: number): ReadFault | undefined {
    const reader = new Reader(bytes, this.#length)
    while (this.#missing > 0) {
      const parts = skipHead(reader)
      if (reader.fault === 'truncated') this.#wanted = reader.wanted
      if (reader.fault === 'truncated' && reader.wanted > bytesMax) return 'too-large'
      if (reader.fault !== undefined) return reader.fault
      this.#length = reader.offset
      this.#missing += parts - 1
      // No part has less than a byte.
      if (this.#length + this.#missing > bytesMax) return 'too-large'
    }
    return undefined
  }
}

/**
 * Cuts a stream of MessagePack values, back to back and in chunks of any size, into the bytes of
 * each value.
 *
 * Holds one unfinished value, and what was pushed behind whole ones until they are taken. A value
 * that says that it will be larger than the limit is a fault as soon as it says so. The first
 * fault stays.
 */
export class ValueScanner {
  #bytes: Uint8Array = NO_BYTES
  #start = 0
  #end = 0
  /** That of the value at the start. */
  #extent = new ValueExtent()
  #fault: ReadFault | undefined

  get fault(): ReadFault | undefined {
    return this.#fault
  }

  /** Bytes that are held. */
  get size(): number {
    return this.#end - this.#start
  }

  /** Chunks are copied. */
  push(bytes: Uint8Array): void {
    if (this.#fault !== undefined) return
    this.#makeRoom(bytes.length)
    this.#bytes.set(bytes, this.#end)
    this.#end += bytes.length
  }

  /**
   * The bytes of the next value, once all are there; a copy.
   *
   * @param bytesMax the most that it may have.
   */
  take(bytesMax: number): Uint8Array | undefined {
    if (this.#fault !== undefined || this.size < this.#extent.wanted) return undefined
    if (!this.#scan(bytesMax)) return undefined
    const value = this.#bytes.slice(this.#start, this.#start + this.#extent.length)
    this.#start += this.#extent.length
    this.#extent = new ValueExtent()
    return value
  }

  /** Look at the parts that are there. Whether none is missing. */
  #scan(bytesMax: number): boolean {
    const value = this.#bytes.subarray(this.#start, this.#end)
    const fault = this.#extent.grow(value, bytesMax)
    if (fault === undefined) return true
    return fault === 'truncated' ? false : this.#fail(fault)
  }

  #makeRoom(more: number): void {
    if (this.#end + more <= this.#bytes.length) return
    const { size } = this
    const roomy = Math.max(size + more, 2 * size)
    const bytes = new Uint8Array(roomy)
    bytes.set(this.#bytes.subarray(this.#start, this.#end))
    this.#bytes = bytes
    this.#start = 0
    this.#end = size
  }

  #fail(fault: ReadFault): false {
    this.#fault = fault
    this.#bytes = NO_BYTES
    this.#start = 0
    this.#end = 0
    return false
  }
}
