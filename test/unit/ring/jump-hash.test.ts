import { expect, test } from 'vitest'
import { jumpHash } from '../../../packages/libring/src/ring/jump-hash.ts'
import { ringVectors } from '../../support/ring-vectors.ts'

const { buckets, vectors } = ringVectors<{
  buckets: number[]
  vectors: { key: string; h: number[] }[]
}>('go-libring-jump')

test('every 64-bit key falls into the bucket that the published algorithm gives', () => {
  for (const { key, h } of vectors) {
    const high = Number(BigInt(key) >> 32n)
    const low = Number(BigInt(key) & 0xffffffffn)
    expect(buckets.map((count) => jumpHash(high, low, count))).toEqual(h)
  }
})

test('one bucket more takes keys from the others and moves none between them', () => {
  for (let key = 0; key < 2_000; key++) {
    const before = jumpHash(0, key, 20)
    expect([before, 20]).toContain(jumpHash(0, key, 21))
  }
})
