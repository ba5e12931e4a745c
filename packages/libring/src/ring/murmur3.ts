import { codePointAt } from '../base/bytes.ts'
import { mix32 } from './mix.ts'
import { utf8PointBytes, utf8PointWord } from './utf8-point.ts'

// MurmurHash3_x86_32 with seed 0 (Appleby, public domain), over UTF-8 bytes. Text is hashed
// where it stands: encoding it into a buffer first costs more than the hash.

/** @returns a signed 32-bit number; take `>>> 0` for the usual unsigned form. */
export function murmur3Text(text: string): number {
  const length = text.length
  let hash = 0
  let at = 0
  for (; at + 4 <= length; at += 4) {
    const a = text.charCodeAt(at)
    const b = text.charCodeAt(at + 1)
    const c = text.charCodeAt(at + 2)
    const d = text.charCodeAt(at + 3)
    if ((a | b | c | d) > 0x7f) return murmur3Utf8(text, at, hash)
    hash = addBlock(hash, a | (b << 8) | (c << 16) | (d << 24))
  }
  let block = 0
  for (let shift = 0, i = at; i < length; i++, shift += 8) {
    const unit = text.charCodeAt(i)
    if (unit > 0x7f) return murmur3Utf8(text, at, hash)
    block |= unit << shift
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

/**
 * Carry on from the first `at` units, all ASCII and a whole number of blocks. A unit's bytes go
 * into a word, the first byte lowest, and the words into blocks: spelt out here, since this is
 * half again as fast as by way of calls.
 */
function murmur3Utf8(text: string, at: number, hash: number): number {
  let length = at
  let block = 0
  let filled = 0
  while (at < text.length) {
    let word = text.charCodeAt(at++)
    let width = 8
    if (word > 0x7f) {
      const last = 0x80 | (word & 0x3f)
      if (word < 0x800) {
        word = 0xc0 | (word >> 6) | (last << 8)
        width = 16
      } else if (word < 0xd800 || word > 0xdfff) {
        word = 0xe0 | (word >> 12) | ((0x80 | ((word >> 6) & 0x3f)) << 8) | (last << 16)
        width = 24
      } else {
        const point = codePointAt(text, at - 1)
        if (point > 0xffff) at++
        word = utf8PointWord(point)
        width = 8 * utf8PointBytes(point)
      }
    }
    length += width >> 3
    block |= word << filled
    filled += width
    if (filled < 32) continue
    hash = addBlock(hash, block)
    filled -= 32
    block = filled === 0 ? 0 : word >>> (width - filled)
  }
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
