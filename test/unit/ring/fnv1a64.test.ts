import { expect, test } from 'vitest'
import {
  fnv1a64Bytes,
  fnv1a64Text,
  remainderOf,
} from '../../../packages/libring/src/ring/fnv1a64.ts'
import { ringVectors } from '../../support/ring-vectors.ts'

const { keys } = ringVectors<{ keys: { hex: string; utf8?: string; fnv1a64: string }[] }>(
  'go-libring-keys',
)

const whole = ([high, low]: Uint32Array) => (BigInt(high!) << 32n) | BigInt(low!)

test('the hash of every key, as bytes and as text, is that of Go hash/fnv', () => {
  for (const { hex, fnv1a64 } of keys) {
    expect(whole(fnv1a64Bytes(Buffer.from(hex, 'hex')))).toBe(BigInt(fnv1a64))
  }
  for (const { utf8, fnv1a64 } of keys.filter(({ utf8 }) => utf8 !== undefined)) {
    expect(whole(fnv1a64Text(utf8!))).toBe(BigInt(fnv1a64))
  }
})

test('a lone surrogate hashes as U+FFFD, as TextEncoder writes it', () => {
  for (const text of ['\ud800', 'a\udc00b', '\ud800\ud800', 'x\ud83d']) {
    expect(fnv1a64Text(text)).toEqual(fnv1a64Bytes(new TextEncoder().encode(text)))
  }
})

test('the remainder of a 64-bit number is exact', () => {
  const largest = Uint32Array.of(0xffffffff, 0xffffffff)
  for (const divisor of [1, 2, 3, 512, 2_056, 65_535, 65_536, 2 ** 26]) {
    expect(remainderOf(largest, divisor)).toBe(Number((2n ** 64n - 1n) % BigInt(divisor)))
  }
})
