import { NO_BYTES } from '../base/bytes.ts'
import { skipHead } from './msgpack-forms.ts'
import { Reader, type ReadFault } from './reader.ts'

/**
 * Cuts a stream of MessagePack values, back to back and in chunks of any size, into the bytes of
 * each value.
 *
 * Every byte is looked at once, however the stream is cut, and nesting costs nothing: all that is
 * remembered of an unfinished value is how many of its parts are missing. Holds one unfinished
 * value, and what was pushed behind whole ones until they are taken. A value that says that it
 * will be larger than the limit is a fault as soon as it says so. The first fault stays.
 */
export class ValueScanner {
  #bytes: Uint8Array = NO_BYTES
  #start = 0
  #end = 0
  /** How many bytes of the value at the start were looked at, and how many of its parts miss. */
  #scanned = 0
  #missing = 1
  /** No use looking again before there are so many bytes of it. */
  #wanted = 1
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
    if (this.#fault !== undefined || this.size < this.#wanted) return undefined
    if (!this.#scan(bytesMax)) return undefined
    const value = this.#bytes.slice(this.#start, this.#start + this.#scanned)
    this.#start += this.#scanned
    this.#scanned = 0
    this.#missing = 1
    this.#wanted = 1
    return value
  }

  /** Look at the parts that are there. Whether none is missing. */
  #scan(bytesMax: number): boolean {
    const reader = new Reader(this.#bytes.subarray(this.#start, this.#end), this.#scanned)
    while (this.#missing > 0) {
      const parts = skipHead(reader)
      if (reader.fault === 'truncated') {
        this.#wanted = reader.wanted
        return reader.wanted > bytesMax ? this.#fail('too-large') : false
      }
      if (reader.fault !== undefined) return this.#fail(reader.fault)
      this.#scanned = reader.offset
      this.#missing += parts - 1
      // No part has less than a byte.
      if (this.#scanned + this.#missing > bytesMax) return this.#fail('too-large')
    }
    return true
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
