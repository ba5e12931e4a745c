import fc from 'fast-check'
import { expect, test } from 'vitest'
import { lzwCompress, lzwDecompress } from '../../packages/libring/src/codec/lzw.ts'
import { naiveCompress, naiveDecompress } from '../support/naive-lzw.ts'

const seed = 0x17a

// Few different bytes make long strings; many make a full table.
const input = fc.oneof(
  fc.uint8Array({ maxLength: 2_000 }),
  fc.uint8Array({ max: 1, maxLength: 5_000 }),
  fc
    .tuple(fc.uint8Array({ minLength: 1, maxLength: 20 }), fc.integer({ min: 1, max: 300 }))
    .map(([unit, times]) =>
      Uint8Array.from({ length: unit.length * times }, (_, i) => unit[i % unit.length]!),
    ),
  fc.integer({ min: 1, max: 0xffff_ffff }).map((start) => {
    let state = start
    return Uint8Array.from({ length: 6_000 }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      return state >>> 24
    })
  }),
)

test('what goes in comes out, at exactly its own length as the limit', () => {
  fc.assert(
    fc.property(input, (bytes) => {
      expect(lzwDecompress(lzwCompress(bytes), bytes.length)).toEqual(bytes)
    }),
    { seed, numRuns: 200 },
  )
})

test('one byte less as the limit is too large', () => {
  fc.assert(
    fc.property(input, (bytes) => {
      fc.pre(bytes.length > 0)
      expect(lzwDecompress(lzwCompress(bytes), bytes.length - 1)).toBe('too-large')
    }),
    { seed, numRuns: 100 },
  )
})

test('the naive twin writes the same bytes and reads ours', () => {
  fc.assert(
    fc.property(input, (bytes) => {
      const compressed = lzwCompress(bytes)
      expect(compressed).toEqual(naiveCompress(bytes))
      expect(naiveDecompress(compressed)).toEqual([...bytes])
    }),
    { seed, numRuns: 60 },
  )
})

test('of arbitrary bytes both twins make the same, or neither makes anything', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      const ours = lzwDecompress(bytes, 1 << 24)
      const twins = naiveDecompress(bytes)
      expect(typeof ours === 'string' ? undefined : [...ours]).toEqual(twins)
    }),
    { seed, numRuns: 500 },
  )
})

test('of a damaged stream both twins make the same, or neither makes anything', () => {
  fc.assert(
    fc.property(input, fc.nat(), fc.integer({ min: 1, max: 255 }), (bytes, place, flip) => {
      const compressed = lzwCompress(bytes)
      const at = place % compressed.length
      compressed[at]! ^= flip
      const ours = lzwDecompress(compressed, 1 << 24)
      const twins = naiveDecompress(compressed)
      expect(typeof ours === 'string' ? undefined : [...ours]).toEqual(twins)
    }),
    { seed, numRuns: 150 },
  )
})

test('a stream cut anywhere is truncated', () => {
  fc.assert(
    fc.property(input, fc.nat(), (bytes, cut) => {
      const compressed = lzwCompress(bytes)
      const part = compressed.subarray(0, cut % compressed.length)
      expect(lzwDecompress(part, 1 << 24)).toBe('truncated')
    }),
    { seed, numRuns: 200 },
  )
})
