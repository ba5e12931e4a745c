import { Writer } from './writer.ts'

// LZW as Go's compress/lzw has it with its order LSB and 8 bits a literal, which is that of GIF:
//
//   codes    0 to 255 literal, 256 clear, 257 end, from 258 on strings seen
//   width    9 bits at first, at most 12; grows once the next code needs it
//   packing  from the least significant bit of each byte; the last byte is filled with zeros

const CLEAR = 256
const END = 257
const WIDTH_MIN = 9
const WIDTH_MAX = 12
const CODES_MAX = 1 << WIDTH_MAX
const NONE = -1

/**
 * Why bytes could not be inflated.
 *
 *  - `truncated` no end code came
 *  - `malformed` a code that cannot stand there
 *  - `too-large` more comes out than the limit allows
 */
export type LzwFault = 'truncated' | 'malformed' | 'too-large'

/** Compressed form of `bytes`, the same to the bit as Go's. */
export function lzwCompress(bytes: Uint8Array): Uint8Array {
  const packer = new Packer(bytes.length)
  packer.clear()
  let prefix = NONE
  for (let i = 0; i < bytes.length; i++) {
    const literal = bytes[i]!
    if (prefix === NONE) {
      prefix = literal
      continue
    }
    const longer = packer.find(prefix, literal)
    if (longer !== NONE) {
      prefix = longer
      continue
    }
    packer.code(prefix)
    packer.learn(prefix, literal)
    prefix = literal
  }
  if (prefix !== NONE) {
    packer.code(prefix)
    packer.advance()
  }
  packer.code(END)
  return packer.finish()
}

const SLOT_BITS_MIN = 6
const SLOT_BITS_MAX = 14
const HASH_FACTOR = 0x9e37_79b1

/** Codes on their way out, and the strings that have one. */
class Packer {
  readonly #writer: Writer
  /** Open addressing: prefix code, literal and code of each string known, plus 1; 0 is free. */
  readonly #slots: Int32Array
  readonly #slotShift: number
  #bits = 0
  #bitCount = 0
  #width = WIDTH_MIN
  #last = END

  /** @param inputLength at most that many strings get a code, so a short packet needs few slots. */
  constructor(inputLength: number) {
    const wanted = 33 - Math.clz32(inputLength)
    const slotBits = Math.min(Math.max(wanted, SLOT_BITS_MIN), SLOT_BITS_MAX)
    this.#writer = new Writer(inputLength)
    this.#slots = new Int32Array(1 << slotBits)
    this.#slotShift = 32 - slotBits
  }

  code(code: number): void {
    this.#bits |= code << this.#bitCount
    this.#bitCount += this.#width
    while (this.#bitCount >= 8) {
      this.#writer.uint8(this.#bits)
      this.#bits >>>= 8
      this.#bitCount -= 8
    }
  }

  clear(): void {
    this.code(CLEAR)
    this.#width = WIDTH_MIN
    this.#last = END
    this.#slots.fill(0)
  }

  /** The code of the string `prefix` stands for with `literal` behind it, or `NONE`. */
  find(prefix: number, literal: number): number {
    const slot = this.#slots[this.#slotOf(prefix, literal)]!
    return slot === 0 ? NONE : (slot - 1) & (CODES_MAX - 1)
  }

  /** Give the next code to a string, unless the codes ran out and all begins anew. */
  learn(prefix: number, literal: number): void {
    if (!this.advance()) return
    this.#slots[this.#slotOf(prefix, literal)] =
      ((prefix << 8) | literal) * CODES_MAX + this.#last + 1
  }

  /** Count a code that was written. False when that used up the codes and cleared them. */
  advance(): boolean {
    this.#last++
    if (this.#last === 1 << this.#width) this.#width++
    if (this.#last < CODES_MAX - 1) return true
    this.clear()
    return false
  }

  finish(): Uint8Array {
    if (this.#bitCount > 0) this.#writer.uint8(this.#bits)
    return this.#writer.finish()
  }

  /** Where the string is, or would be put. At most half of the slots are ever taken. */
  #slotOf(prefix: number, literal: number): number {
    const key = (prefix << 8) | literal
    let at = Math.imul(key, HASH_FACTOR) >>> this.#slotShift
    for (;;) {
      const slot = this.#slots[at]!
      if (slot === 0 || (slot - 1) >>> WIDTH_MAX === key) return at
      at = (at + 1) & (this.#slots.length - 1)
    }
  }
}

/**
 * What {@link lzwCompress}, Go, or any encoder of this variant was given. Bytes after the end
 * code are ignored. Never throws.
 *
 * @param limit most bytes that may come out. Memory stays within twice of what does come out.
 */
export function lzwDecompress(bytes: Uint8Array, limit: number): Uint8Array | LzwFault {
  const codes = new Unpacker(bytes)
  const output = new Output(Math.min(limit, 4 * bytes.length), limit)
  // A string that has a code is a stretch of the output: where it was first written, and on.
  // A code is longer than a byte, so there are fewer of them than bytes.
  const codesMax = Math.min(CODES_MAX, END + 1 + bytes.length)
  const starts = new Int32Array(codesMax)
  const lengths = new Int32Array(codesMax)
  let last = END
  let previousStart = NONE

  for (;;) {
    const code = codes.take()
    if (code === NONE) return 'truncated'
    if (code === END) return output.finish()
    if (code === CLEAR) {
      codes.width = WIDTH_MIN
      last = END
      previousStart = NONE
      continue
    }
    if (code > last) return 'malformed'
    const start = output.length
    if (previousStart !== NONE) {
      // The new string is the previous one and the byte behind it, which is about to be written.
      starts[last] = previousStart
      lengths[last] = start - previousStart + 1
    }
    const fits = code < CLEAR ? output.append(code) : output.repeat(starts[code]!, lengths[code]!)
    if (!fits) return 'too-large'
    previousStart = start
    last++
    if (last < 1 << codes.width) continue
    if (codes.width < WIDTH_MAX) {
      codes.width++
    } else {
      // Every code is taken: nothing more is learnt before the next clear.
      last--
      previousStart = NONE
    }
  }
}

/** Codes on their way in. */
class Unpacker {
  width = WIDTH_MIN
  readonly #bytes: Uint8Array
  #at = 0
  #bits = 0
  #bitCount = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** The next code, or `NONE` when the bytes end before it does. */
  take(): number {
    while (this.#bitCount < this.width) {
      if (this.#at === this.#bytes.length) return NONE
      this.#bits |= this.#bytes[this.#at++]! << this.#bitCount
      this.#bitCount += 8
    }
    const code = this.#bits & ((1 << this.width) - 1)
    this.#bits >>>= this.width
    this.#bitCount -= this.width
    return code
  }
}

/** Bytes that come out, which are also the memory of what came before. */
export class Output {
  readonly #limit: number
  #bytes: Uint8Array
  #length = 0

  constructor(capacity: number, limit: number) {
    this.#bytes = new Uint8Array(capacity)
    this.#limit = limit
  }

  get length(): number {
    return this.#length
  }

  /** False when the limit forbids it. */
  append(byte: number): boolean {
    if (!this.#reserve(1)) return false
    this.#bytes[this.#length++] = byte
    return true
  }

  /** Write `length` bytes from `start` again; the last may be the first of those just written. */
  repeat(start: number, length: number): boolean {
    if (!this.#reserve(length)) return false
    const bytes = this.#bytes
    for (let i = 0; i < length; i++) bytes[this.#length++] = bytes[start + i]!
    return true
  }

  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  #reserve(more: number): boolean {
    const needed = this.#length + more
    if (needed > this.#limit) return false
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.min(this.#limit, Math.max(needed, 2 * this.#bytes.length)))
      grown.set(this.#bytes.subarray(0, this.#length))
      this.#bytes = grown
    }
    return true
  }
}
