import fc from 'fast-check'
import { expect, test } from 'vitest'
import { crc32, crc32Joined, crc32Power } from '../../../packages/libring/src/codec/crc32.ts'
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

test('checksums of parts make that of the whole', () => {
  const part = fc.uint8Array({ maxLength: 300 })
  fc.assert(
    fc.property(part, part, (left, right) => {
      const joined = crc32Joined(crc32(left), crc32(right), crc32Power(right.length))
      expect(joined).toBe(crc32(Uint8Array.of(...left, ...right)))
    }),
  )
})
