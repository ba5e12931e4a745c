import { expect, test } from 'vitest'
import { toHex } from '../../../packages/libring/src/base/bytes.ts'
import { openChecksum, wrapChecksum } from '../../../packages/libring/src/wire/checksum.ts'
import { hex, serfVectors } from '../../support/vectors.ts'

interface CrcVectors {
  readonly crc: readonly { readonly hex: string; readonly inner: string }[]
}

const { crc: vectors } = serfVectors<CrcVectors>('compound-crc.json')

test.each(vectors)('memberlist’s checksum around "$inner" holds', ({ hex: form, inner }) => {
  expect(openChecksum(hex(form))).toEqual(hex(inner))
  expect(toHex(wrapChecksum(hex(inner)))).toBe(form)
})

test('any byte changed behind the type is noticed', () => {
  const packet = wrapChecksum(hex('0082a44e6f6465a162a55365714e6f01'))
  for (let at = 1; at < packet.length; at++) {
    expect(openChecksum(packet.with(at, packet[at]! ^ 1))).toBe('checksum')
  }
})

test('a packet too short for a checksum is truncated', () => {
  for (let length = 1; length < 5; length++) {
    expect(openChecksum(hex('0c04c039bb').subarray(0, length))).toBe('truncated')
  }
})
