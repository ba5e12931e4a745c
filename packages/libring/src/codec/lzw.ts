// LZW as Go's compress/lzw has it with its order LSB and 8 bits a literal, which is that of GIF:
//
//   codes    0 to 255 literal, 256 clear, 257 end, from 258 on strings seen
//   width    9 bits at first, at most 12; grows once the next code needs it
//   packing  from the least significant bit of each byte; the last byte is filled with zeros

const CLEAR = 256
const END = 257
const WIDTH_MAX = 12
const CODES_MAX = 1 << WIDTH_MAX
/** Once a string would get this code, an encoder clears them all. */
const CODES_LAST = CODES_MAX - 1
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
  return packed(bytes.length === 0 ? Uint16Array.of(CLEAR, END) : codesOf(bytes))
}

const SLOT_BITS_MIN = 6
const SLOT_BITS_MAX = 14
const HASH_FACTOR = 0x9e37_79b1

/**
 * The codes of the longest strings known, one after the other, for at least one byte.
 *
 * A process that has just begun is slow: what is done for each byte stands right here and keeps to
 * small integers, since code that the engine compiles twice, or in one large piece, costs more
 * than it saves there.
 */
function codesOf(bytes: Uint8Array): Uint16Array {
  const codes = new Uint16Array(bytes.length + (bytes.length >>> 11) + 3)
  let count = 0
  codes[count++] = CLEAR
  // The strings known, by open addressing: prefix code and literal of each, plus 1, as 0 is free;
  // and its code. At most so many as there are bytes get one, so half of the slots stay free.
  const slotBits = Math.min(Math.max(33 - Math.clz32(bytes.length), SLOT_BITS_MIN), SLOT_BITS_MAX)
  const keys = new Int32Array(1 << slotBits)
  const codeOf = new Uint16Array(1 << slotBits)
  const mask = keys.length - 1
  let last = END
  let prefix = bytes[0]!
  for (let i = 1; i < bytes.length; i++) {
    const literal = bytes[i]!
    const key = ((prefix << 8) | literal) + 1
    let slot = Math.imul(key, HASH_FACTOR) >>> (32 - slotBits)
    while (keys[slot] !== 0 && keys[slot] !== key) slot = (slot + 1) & mask
    if (keys[slot] === key) {
      prefix = codeOf[slot]!
    } else {
      codes[count++] = prefix
      prefix = literal
      last++
      keys[slot] = key
      codeOf[slot] = last
      if (last < CODES_LAST) continue
      // The codes are used up: all begins anew.
      codes[count++] = CLEAR
      last = END
      keys.fill(0)
    }
  }
  codes[count++] = prefix
  if (last + 1 === CODES_LAST) codes[count++] = CLEAR
  codes[count++] = END
  return codes.subarray(0, count)
}

function packed(codes: Uint16Array): Uint8Array {
  const bytes = new Uint8Array(Math.ceil((codes.length * WIDTH_MAX) / 8))
  let length = 0
  let last = END
  let bits = 0
  let bitCount = 0
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i]!
    bits |= code << bitCount
    bitCount += widthOf(last)
    while (bitCount >= 8) {
      bytes[length++] = bits
      bits >>>= 8
      bitCount -= 8
    }
    last = code === CLEAR ? END : last + 1
  }
  if (bitCount > 0) bytes[length++] = bits
  return bytes.subarray(0, length)
}

/** Bits of each code while `last` is the last one given to a string. */
function widthOf(last: number): number {
  return 32 - Math.clz32(last)
}

/**
 * What {@link lzwCompress}, Go, or any encoder of this variant was given. Bytes after the end
 * code are ignored. Never throws.
 *
 * @param limit most bytes that may come out. Memory stays within twice of what does come out.
 */
export function lzwDecompress(bytes: Uint8Array, limit: number): Uint8Array | LzwFault {
  const output = new Output(Math.min(limit, 4 * bytes.length), limit)
  let room = output.bytes
  let length = 0
  // A string that has a code is a stretch of the output: where it was first written, and where
  // that ends. A code is longer than a byte, so there are fewer of them than bytes.
  const codesMax = Math.min(CODES_MAX, END + 1 + bytes.length)
  const starts = new Int32Array(codesMax)
  const ends = new Int32Array(codesMax)
  let at = 0
  let bits = 0
  let bitCount = 0
  let last = END
  let previousStart = NONE
  let fault: LzwFault | undefined

  for (;;) {
    const width = widthOf(last)
    while (bitCount < width && at < bytes.length) {
      bits |= bytes[at++]! << bitCount
      bitCount += 8
    }
    if (bitCount < width) {
      fault = 'truncated'
      break
    }
    const code = bits & ((1 << width) - 1)
    bits >>>= width
    bitCount -= width
    if (code === END) break
    if (code === CLEAR) {
      last = END
      previousStart = NONE
      continue
    }
    if (code > last) {
      fault = 'malformed'
      break
    }
    if (previousStart !== NONE) {
      // The new string is the previous one and the byte behind it, which is about to be written.
      starts[last] = previousStart
      ends[last] = length + 1
    }
    const from = starts[code]!
    const to = code < CLEAR ? 1 : ends[code]!
    const needed = length + to - from
    if (needed > room.length) {
      if (!output.reserve(needed)) {
        fault = 'too-large'
        break
      }
      room = output.bytes
    }
    // Once every code is taken nothing more is learnt before the next clear.
    previousStart = last === CODES_LAST ? NONE : length
    if (last < CODES_LAST) last++
    if (code < CLEAR) room[length++] = code
    else for (let i = from; i < to; i++) room[length++] = room[i]!
  }
  const inflated = output.finish(length)
  return fault ?? inflated
}

/** Room for bytes that come out, which are also the memory of what came before. */
export class Output {
  bytes: Uint8Array
  readonly #limit: number

  constructor(capacity: number, limit: number) {
    this.bytes = new Uint8Array(capacity)
    this.#limit = limit
  }

  /** Have room for `length` bytes in all. False when the limit forbids it. */
  reserve(length: number): boolean {
    if (length > this.#limit) return false
    const grown = new Uint8Array(Math.min(this.#limit, Math.max(length, 2 * this.bytes.length)))
    grown.set(this.bytes)
    this.bytes = grown
    return true
  }

  /** The first `length` bytes. */
  finish(length: number): Uint8Array {
    return this.bytes.subarray(0, length)
  }
}
