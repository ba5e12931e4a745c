import { describe, expect, test } from 'vitest'
import { toHex } from '../../../packages/libring/src/base/bytes.ts'
import { InvariantError } from '../../../packages/libring/src/base/errors.ts'
import {
  COMPOUND_PARTS_MAX,
  decodeCompound,
  encodeCompound,
} from '../../../packages/libring/src/wire/compound.ts'
import { hex, serfVectors } from '../../support/vectors.ts'

interface CompoundVectors {
  readonly compound: { readonly name: string; readonly hex: string; readonly parts: string[] }[]
  readonly compoundTruncated: {
    readonly hex: string
    readonly error: string
    readonly parts: string[] | null
    readonly truncatedCount: number
  }[]
  readonly compound256Parts: { readonly firstBytes: string; readonly totalLength: number }
}

const vectors = serfVectors<CompoundVectors>('compound-crc.json')

test.each(vectors.compound)('memberlist’s compound of $name is read', ({ hex: form, parts }) => {
  expect(decodeCompound(hex(form).subarray(1))).toEqual({
    parts: parts.map((part) => hex(part)),
    truncated: 0,
  })
})

test.each(vectors.compound.filter(({ parts }) => !parts.includes('')))(
  'memberlist’s compound of $name is written the same to the byte',
  ({ hex: form, parts }) => {
    expect(toHex(encodeCompound(parts.map((part) => hex(part))))).toBe(form)
  },
)

test.each(vectors.compoundTruncated)(
  'a compound cut to $hex.length digits gives what memberlist takes from it',
  ({ hex: form, error, parts, truncatedCount }) => {
    const expected = { parts: (parts ?? []).map((part) => hex(part)), truncated: truncatedCount }
    expect(decodeCompound(hex(form).subarray(1))).toEqual(error === '' ? expected : undefined)
  },
)

test('the count of an old sender that wrapped around to 0 is believed', () => {
  const { firstBytes, totalLength } = vectors.compound256Parts
  const bytes = new Uint8Array(totalLength)
  bytes.set(hex(firstBytes))
  expect(decodeCompound(bytes.subarray(1))).toEqual({ parts: [], truncated: 0 })
})

describe('limits', () => {
  const part = Uint8Array.of(1)

  test('255 parts, and a part of 65,535 bytes, fit', () => {
    const many = Array.from({ length: COMPOUND_PARTS_MAX }, () => part)
    expect(decodeCompound(encodeCompound(many).subarray(1))).toEqual({ parts: many, truncated: 0 })
    const long = [new Uint8Array(65_535).fill(7), part]
    expect(encodeCompound(long).length).toBe(2 + 4 + 65_536)
  })

  test('no parts, too many, too long ones and empty ones are bugs of the caller', () => {
    const many = Array.from({ length: COMPOUND_PARTS_MAX + 1 }, () => part)
    for (const parts of [[], many, [new Uint8Array(65_536)], [part, new Uint8Array(0)]]) {
      expect(() => encodeCompound(parts)).toThrow(InvariantError)
    }
  })

  test('a count of 128 and more is not mistaken for a short table', () => {
    expect(decodeCompound(hex('80000100010001'))).toBeUndefined()
  })
})
