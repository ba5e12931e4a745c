import { expect, test } from 'vitest'
import { crc32 } from '../../../packages/libring/src/codec/crc32.ts'
import { hex, serfVectors } from '../../support/vectors.ts'

interface CrcVectors {
  readonly crc: readonly { readonly crc32: number; readonly inner: string }[]
}

test.each(serfVectors<CrcVectors>('compound-crc.json').crc)(
  'the checksum of "$inner" is the one that memberlist made',
  ({ inner, crc32: expected }) => {
    expect(crc32(hex(inner))).toBe(expected)
  },
)

test('the check value of the standard comes out', () => {
  expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf4_3926)
})

test('every single flipped bit is noticed', () => {
  const bytes = Uint8Array.from({ length: 64 }, (_, i) => i * 37)
  const seen = new Set([crc32(bytes)])
  for (let bit = 0; bit < 512; bit++) {
    const flipped = bytes.with(bit >> 3, bytes[bit >> 3]! ^ (1 << (bit & 7)))
    seen.add(crc32(flipped))
  }
  expect(seen.size).toBe(513)
})
