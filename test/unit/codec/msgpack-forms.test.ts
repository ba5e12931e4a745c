import { describe, expect, test } from 'vitest'
import { toHex } from '../../../packages/libring/src/base/bytes.ts'
import {
  readBigInteger,
  readInteger,
  skipValue,
  writeArrayHead,
  writeBigInteger,
  writeInteger,
  writeMapHead,
  writeRawHead,
} from '../../../packages/libring/src/codec/msgpack-forms.ts'
import { Reader } from '../../../packages/libring/src/codec/reader.ts'
import { Writer } from '../../../packages/libring/src/codec/writer.ts'
import { hex } from '../../support/vectors.ts'

function written(write: (writer: Writer) => void): string {
  const writer = new Writer()
  write(writer)
  return toHex(writer.finish())
}

describe('integers', () => {
  // Value, shortest form. The shortest form of what is not negative is an unsigned one.
  const shortest: [bigint, string][] = [
    [0n, '00'],
    [127n, '7f'],
    [128n, 'cc80'],
    [255n, 'ccff'],
    [256n, 'cd0100'],
    [65_535n, 'cdffff'],
    [65_536n, 'ce00010000'],
    [4_294_967_295n, 'ceffffffff'],
    [4_294_967_296n, 'cf0000000100000000'],
    [9_007_199_254_740_991n, 'cf001fffffffffffff'],
    [18_446_744_073_709_551_615n, 'cfffffffffffffffff'],
    [-1n, 'ff'],
    [-32n, 'e0'],
    [-33n, 'd0df'],
    [-128n, 'd080'],
    [-129n, 'd1ff7f'],
    [-32_768n, 'd18000'],
    [-32_769n, 'd2ffff7fff'],
    [-2_147_483_648n, 'd280000000'],
    [-2_147_483_649n, 'd3ffffffff7fffffff'],
    [-9_007_199_254_740_991n, 'd3ffe0000000000001'],
    [-9_223_372_036_854_775_808n, 'd38000000000000000'],
  ]

  test.each(shortest)('%d is written in its shortest form', (value, form) => {
    expect(written((writer) => writeBigInteger(writer, value))).toBe(form)
    expect(readBigInteger(new Reader(hex(form)))).toBe(value)
  })

  const safe = shortest.filter(([value]) => Number.isSafeInteger(Number(value)))
  test.each(safe)('%d is the same as a number', (value, form) => {
    expect(written((writer) => writeInteger(writer, Number(value)))).toBe(form)
    expect(readInteger(new Reader(hex(form)))).toBe(Number(value))
  })

  // Signed forms of what is not negative, which newer Go writes, and forms longer than needed.
  const others: [string, bigint][] = [
    ['cc05', 5n],
    ['cd0005', 5n],
    ['ce00000005', 5n],
    ['cf0000000000000005', 5n],
    ['d005', 5n],
    ['d10085', 133n],
    ['d200010000', 65_536n],
    ['d30000000000000005', 5n],
    ['d3ffffffffffffffff', -1n],
    ['d1ffff', -1n],
  ]
  test.each(others)('%s is read as %d', (form, value) => {
    expect(readInteger(new Reader(hex(form)))).toBe(Number(value))
    expect(readBigInteger(new Reader(hex(form)))).toBe(value)
  })

  test.each(['cf0020000000000000', 'cfffffffffffffffff', 'd38000000000000000'])(
    '%s is too large for a number',
    (form) => {
      const reader = new Reader(hex(form))
      expect(readInteger(reader)).toBe(0)
      expect(reader.fault).toBe('malformed')
    },
  )

  test.each(['c0', 'c2', 'c3', 'cb3ff0000000000000', 'ca3f800000', 'a0', '80', '90', 'c1', 'c400'])(
    '%s is no integer',
    (form) => {
      for (const read of [readInteger, readBigInteger]) {
        const reader = new Reader(hex(form))
        read(reader)
        expect(reader.fault).toBe('malformed')
      }
    },
  )
})

describe('heads', () => {
  const heads: [string, (writer: Writer, count: number) => void, [number, string][]][] = [
    [
      'raw',
      writeRawHead,
      [
        [0, 'a0'],
        [31, 'bf'],
        [32, 'da0020'],
        [255, 'da00ff'],
        [65_535, 'daffff'],
        [65_536, 'db00010000'],
      ],
    ],
    [
      'array',
      writeArrayHead,
      [
        [0, '90'],
        [15, '9f'],
        [16, 'dc0010'],
        [65_535, 'dcffff'],
        [65_536, 'dd00010000'],
      ],
    ],
    [
      'map',
      writeMapHead,
      [
        [0, '80'],
        [15, '8f'],
        [16, 'de0010'],
        [65_535, 'deffff'],
        [65_536, 'df00010000'],
      ],
    ],
  ]
  test.each(heads)('a %s has the shortest head of the old format', (_, write, expected) => {
    const actual = expected.map(([count]) => [count, written((writer) => write(writer, count))])
    expect(actual).toEqual(expected)
  })
})

describe('passing over a value', () => {
  // One of every form, with how many values it consists of.
  const forms: [string, number][] = [
    ['00', 1],
    ['7f', 1],
    ['e0', 1],
    ['ff', 1],
    ['c0', 1],
    ['c2', 1],
    ['c3', 1],
    ['cc01', 1],
    ['cd0101', 1],
    ['ce01010101', 1],
    ['cf0101010101010101', 1],
    ['d001', 1],
    ['d10101', 1],
    ['d201010101', 1],
    ['d30101010101010101', 1],
    ['ca01010101', 1],
    ['cb0101010101010101', 1],
    ['a0', 1],
    ['a3010203', 1],
    ['d9020102', 1],
    ['da00020102', 1],
    ['db000000020102', 1],
    ['c4020102', 1],
    ['c500020102', 1],
    ['c6000000020102', 1],
    ['d40001', 1],
    ['d5000102', 1],
    ['d60001020304', 1],
    ['d7000102030405060708', 1],
    ['d80001020304050607080102030405060708', 1],
    ['c702000102', 1],
    ['c80002000102', 1],
    ['c900000002000102', 1],
    ['90', 1],
    ['92c0a101', 3],
    ['dc0002c0c0', 3],
    ['dd00000002c0c0', 3],
    ['80', 1],
    ['8101c0', 3],
    ['de000101c0', 3],
    ['df0000000101c0', 3],
    ['91919190', 4],
    ['82a1619101a1629281c0c0c0', 10],
  ]

  test.each(forms)('%s', (form, values) => {
    const reader = new Reader(hex(`${form}2a`))
    expect(skipValue(reader, values)).toBe(values)
    expect(reader.fault).toBeUndefined()
    expect(reader.uint8()).toBe(0x2a)
  })

  test.each(forms.filter(([form]) => form.length > 2))('a cut of %s is truncated', (form) => {
    for (let length = 0; length < form.length; length += 2) {
      const reader = new Reader(hex(form.slice(0, length)))
      skipValue(reader, 100)
      expect(reader.fault).toBe('truncated')
    }
  })

  test('a byte that begins nothing is malformed', () => {
    const reader = new Reader(hex('c1'))
    skipValue(reader, 100)
    expect(reader.fault).toBe('malformed')
  })

  test('more values than allowed are too large', () => {
    const reader = new Reader(hex('92c0a101'))
    skipValue(reader, 2)
    expect(reader.fault).toBe('too-large')
  })

  test('nesting as deep as the input is long needs no stack', () => {
    const deep = new Uint8Array(1_000_000).fill(0x91)
    deep[deep.length - 1] = 0xc0
    const reader = new Reader(deep)
    expect(skipValue(reader, 1_000_000)).toBe(1_000_000)
    expect(reader).toMatchObject({ fault: undefined, remaining: 0 })
  })

  test('a head that promises billions ends with the input', () => {
    const reader = new Reader(hex('ddffffffff' + 'dfffffffff'.repeat(100)))
    expect(skipValue(reader, 1_000)).toBe(102)
    expect(reader.fault).toBe('truncated')
  })
})
