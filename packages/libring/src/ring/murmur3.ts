import { codePointAt } from '../base/bytes.ts'
import { mix32 } from './mix.ts'
import { utf8PointBytes, utf8PointWord } from './utf8-point.ts'

// MurmurHash3_x86_32 with seed 0 (Appleby, public domain), over UTF-8 bytes. Text is hashed
// where it stands: encoding it into a buffer first costs more than the hash.

/** @returns a signed 32-bit number; take `>>> 0` for the usual unsigned form. */
export function murmur3Text(text: string): number {
  const units = text.length
  let hash = 0
  let at = 0
  for (; at + 4 <= units; at += 4) {
    const a = text.charCodeAt(at)
    const b = text.charCodeAt(at + 1)
    const c = text.charCodeAt(at + 2)
    const d = text.charCodeAt(at + 3)
    if ((a | b | c | d) > 0x7f) break
    hash = addBlock(hash, a | (b << 8) | (c << 16) | (d << 24))
  }
  // From here on unit by unit: the UTF-8 bytes of each go into a word, the first lowest, and the
  // words into blocks. Shifts count modulo 32, so that the length in bits is the place in a block.
  let length = at
  let block = 0
  for (; at < units; at++) {
    const unit = text.charCodeAt(at)
    const before = length
    let word = unit
    if (unit < 0x80) {
      length += 1
    } else if (unit < 0x800) {
      word = 0x80c0 | (unit >> 6) | ((unit & 0x3f) << 8)
      length += 2
    } else if (unit < 0xd800 || unit > 0xdfff) {
      word = 0x8080e0 | (unit >> 12) | ((unit << 2) & 0x3f00) | ((unit & 0x3f) << 16)
      length += 3
    } else {
      const point = codePointAt(text, at)
      if (point > 0xffff) at++
      word = utf8PointWord(point)
      length += utf8PointBytes(point)
    }
    const shift = before << 3
    block |= word << shift
    if (((before ^ length) & 4) === 0) continue
    // `addBlock`, spelt out: where most keys are ASCII, V8 finds this too rare to put it in line,
    // and a call for every block makes the whole half as slow again.
    const mixed = Math.imul(block, 0xcc9e2d51)
    hash ^= Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593)
    hash = (hash << 13) | (hash >>> 19)
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0
    block = (word >>> 1) >>> (31 - shift) // by 32 - shift, of which 32 would count as none
  }
  return finish(hash, block, length)
}

/** @returns a signed 32-bit number; take `>>> 0` for the usual unsigned form. */
export function murmur3Bytes(bytes: Uint8Array): number {
  const length = bytes.length
  const whole = length & ~3
  let hash = 0
  for (let at = 0; at < whole; at += 4) {
    const word =
      bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    hash = addBlock(hash, word)
  }
  let block = 0
  for (let at = whole; at < length; at++) block |= bytes[at]! << (8 * (at - whole))
  return finish(hash, block, length)
}

function addBlock(hash: number, block: number): number {
  hash ^= scramble(block)
  hash = (hash << 13) | (hash >>> 19)
  return (Math.imul(hash, 5) + 0xe6546b64) | 0
}

function finish(hash: number, tail: number, length: number): number {
  return mix32(hash ^ scramble(tail) ^ length)
}

function scramble(block: number): number {
  block = Math.imul(block, 0xcc9e2d51)
  return Math.imul((block << 15) | (block >>> 17), 0x1b873593)
}
