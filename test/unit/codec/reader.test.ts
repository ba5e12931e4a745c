import { describe, expect, test } from 'vitest'
import { Reader } from '../../../packages/libring/src/codec/reader.ts'
import { hex } from '../../support/vectors.ts'

describe('reading', () => {
  test('numbers are big-endian and unsigned', () => {
    const reader = new Reader(hex('ff fffe fffffffd fffffffffffffffc'.replaceAll(' ', '')))
    expect(reader.uint8()).toBe(0xff)
    expect(reader.uint16()).toBe(0xfffe)
    expect(reader.uint32()).toBe(0xffff_fffd)
    expect(reader.uint64()).toBe(0xffff_ffff_ffff_fffcn)
    expect(reader).toMatchObject({ fault: undefined, remaining: 0, offset: 15, wanted: 0 })
  })

  test('floats are IEEE 754', () => {
    const reader = new Reader(hex('3ff8000000000000bf0000007ff0000000000000'))
    expect([reader.float64(), reader.float32(), reader.float64()]).toEqual([1.5, -0.5, Infinity])
  })

  test('peeking leaves the byte where it is', () => {
    const reader = new Reader(Uint8Array.of(7))
    expect([reader.peek(), reader.peek(), reader.uint8()]).toEqual([7, 7, 7])
    expect(reader.peek()).toBe(0)
    expect(reader.fault).toBe('truncated')
  })

  test('a view shares the bytes of the input', () => {
    const bytes = Uint8Array.of(1, 2, 3, 4)
    const reader = new Reader(bytes, 1)
    const view = reader.view(2)
    bytes[1] = 9
    expect(view).toEqual(Uint8Array.of(9, 3))
    expect(reader).toMatchObject({ offset: 3, remaining: 1 })
  })

  test('it may begin anywhere, also behind the end', () => {
    expect(new Reader(Uint8Array.of(1, 2), 1).uint8()).toBe(2)
    expect(new Reader(Uint8Array.of(1, 2), 3)).toMatchObject({ remaining: 0, offset: 2 })
  })

  test("what is read from Node's Buffer is plain", () => {
    const pool = Buffer.from('0102030405', 'hex')
    const reader = new Reader(pool.subarray(1, 4))
    const view = reader.view(3)
    expect(view.constructor).toBe(Uint8Array)
    expect(view).toEqual(Uint8Array.of(2, 3, 4))
    expect(reader.remaining).toBe(0)
  })
})

describe('the first fault sticks', () => {
  const reads: [string, number, (reader: Reader) => unknown, unknown][] = [
    ['uint8', 1, (reader) => reader.uint8(), 0],
    ['uint16', 2, (reader) => reader.uint16(), 0],
    ['uint32', 4, (reader) => reader.uint32(), 0],
    ['uint64', 8, (reader) => reader.uint64(), 0n],
    ['float32', 4, (reader) => reader.float32(), 0],
    ['float64', 8, (reader) => reader.float64(), 0],
    ['view', 9, (reader) => reader.view(9), new Uint8Array(0)],
    ['skip', 9, (reader) => reader.skip(9), undefined],
  ]

  test.each(reads)(
    '%s one byte short gives nothing and says what it needs',
    (_, size, read, zero) => {
      const reader = new Reader(new Uint8Array(2 + size - 1).fill(0xff), 2)
      expect(read(reader)).toEqual(zero)
      expect(reader).toMatchObject({
        fault: 'truncated',
        remaining: 0,
        offset: 2,
        wanted: 2 + size,
      })
    },
  )

  test.each(reads)(
    '%s after a fault reads nothing, though bytes are there',
    (_, _size, read, zero) => {
      const reader = new Reader(new Uint8Array(20).fill(0xff))
      reader.uint8()
      reader.fail('malformed')
      reader.fail('too-large')
      expect(read(reader)).toEqual(zero)
      expect(reader).toMatchObject({ fault: 'malformed', remaining: 0, offset: 1, wanted: 0 })
    },
  )
})
