import { describe, expect, test } from 'vitest'
import { keyPartitioner, requireKeyHash } from '../../../packages/libring/src/ring/key-hash.ts'
import type { Key, KeyHash } from '../../../packages/libring/src/ring/key-hash.ts'

const checksum = {
  name: 'sum',
  hash: (key: Uint8Array) => key.reduce((sum, byte) => sum + byte, 0),
}

describe.each<{ keyHash: KeyHash; hello: number }>([
  { keyHash: 'murmur3', hello: 0x248bfa47 },
  { keyHash: 'fnv1a64', hello: Number(0xa430d84680aabd0bn % 65_521n) },
  { keyHash: checksum, hello: 532 },
])('$keyHash', ({ keyHash, hello }) => {
  test('a partition is the remainder of the hash', () => {
    expect(keyPartitioner(keyHash, 65_521)('hello')).toBe(hello % 65_521)
  })

  test('text and its bytes are one key', () => {
    const partitionOf = keyPartitioner(keyHash, 2_056)
    for (const text of ['', 'user:17', 'å', '鍵', '🔑 and more']) {
      expect(partitionOf(Buffer.from(text))).toBe(partitionOf(text))
    }
  })

  test('a key that is neither text nor bytes is refused', () => {
    for (const key of [17, undefined, null, ['a'], Uint16Array.of(1)] as unknown as Key[]) {
      expect(() => keyPartitioner(keyHash, 16)(key)).toThrow(/key must be a string or a Uint8Array/)
    }
  })
})

test('a hash that does not give whole numbers is told, not followed', () => {
  for (const result of [-1, 0.5, Number.NaN, 2 ** 53]) {
    const keyHash: KeyHash = { name: 'bad', hash: () => result }
    const partitionOf = keyPartitioner(keyHash, 16)
    expect(() => partitionOf('a')).toThrow(/keyHash.hash/)
  }
})

test.each<[string, unknown]>([
  ['an unknown name', 'md5'],
  ['nothing', null],
  ['a bare function', () => 0],
  ['a hash without a name', { hash: () => 0 }],
  ['a hash with our name', { name: 'murmur3', hash: () => 0 }],
  ['a name that does not fit a tag', { name: 'a;b', hash: () => 0 }],
  ['a name that is too long', { name: 'a'.repeat(17), hash: () => 0 }],
  ['a name without a hash', { name: 'sum', hash: 3 }],
])('%s is no key hash', (_what, keyHash) => {
  expect(() => requireKeyHash(keyHash)).toThrow(/keyHash/)
})
