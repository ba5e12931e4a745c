import { codePointAt } from '../base/bytes.ts'
import { utf8PointBytes, utf8PointWord } from './utf8-point.ts'

// FNV-1a with 64 bits (Fowler, Noll, Vo) in two 32-bit halves. The prime is 2^40 + 435, so
// that one step is
//
//   low'  = low * 435                                    mod 2^32
//   high' = high * 435 + low * 2^8 + carry of low * 435  mod 2^32

const OFFSET_HIGH = 0xcbf29ce4 | 0
const OFFSET_LOW = 0x84222325 | 0
const PRIME_LOW = 435

/** A 64-bit number: the upper half at index 0, the lower at 1. */
export type Halves = Uint32Array

/** The hash of the UTF-8 bytes of `text`, into `out`. A lone surrogate counts as U+FFFD. */
export function fnv1a64Text(text: string, out: Halves = new Uint32Array(2)): Halves {
  let high = OFFSET_HIGH
  let low = OFFSET_LOW
  for (let at = 0; at < text.length; at++) {
    let word = text.charCodeAt(at)
    let bytes = 1
    if (word > 0x7f) {
      const point = codePointAt(text, at)
      if (point > 0xffff) at++
      word = utf8PointWord(point)
      bytes = utf8PointBytes(point)
    }
    for (; bytes > 0; bytes--, word >>>= 8) {
      low ^= word & 0xff
      high = nextHigh(high, low)
      low = Math.imul(low, PRIME_LOW)
    }
  }
  out[0] = high
  out[1] = low
  return out
}

/** The hash of `bytes`, into `out`. */
export function fnv1a64Bytes(bytes: Uint8Array, out: Halves = new Uint32Array(2)): Halves {
  let high = OFFSET_HIGH
  let low = OFFSET_LOW
  for (let at = 0; at < bytes.length; at++) {
    low ^= bytes[at]!
    high = nextHigh(high, low)
    low = Math.imul(low, PRIME_LOW)
  }
  out[0] = high
  out[1] = low
  return out
}

/** The remainder of a 64-bit number, exact for divisors up to 2^26. */
export function remainderOf(halves: Halves, divisor: number): number {
  const high = (halves[0]! % divisor) * (0x1_0000_0000 % divisor)
  return (high + (halves[1]! % divisor)) % divisor
}

function nextHigh(high: number, low: number): number {
  const bottom = (low & 0xffff) * PRIME_LOW
  const top = (low >>> 16) * PRIME_LOW + (bottom >>> 16)
  return (Math.imul(high, PRIME_LOW) + (low << 8) + (top >>> 16)) | 0
}
