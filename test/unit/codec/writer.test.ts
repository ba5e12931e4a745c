import { expect, test } from 'vitest'
import { toHex } from '../../../packages/libring/src/base/bytes.ts'
import { Writer } from '../../../packages/libring/src/codec/writer.ts'

test('numbers are written big-endian', () => {
  const writer = new Writer()
  writer.uint8(0xff)
  writer.uint16(0xfffe)
  writer.uint32(0xffff_fffd)
  writer.uint64(0xffff_ffff_ffff_fffcn)
  writer.uint64(1n)
  writer.float64(1.5)
  expect(toHex(writer.finish())).toBe(
    ['ff', 'fffe', 'fffffffd', 'fffffffffffffffc', '0000000000000001', '3ff8000000000000'].join(''),
  )
})

test('only the lowest bits count, so negative numbers are in two’s complement', () => {
  const writer = new Writer()
  writer.uint8(0x1ff)
  writer.uint16(-2)
  writer.uint32(-3)
  writer.uint64(-4n)
  expect(toHex(writer.finish())).toBe('ff' + 'fffe' + 'fffffffd' + 'fffffffffffffffc')
})

test('it grows as needed, whatever room it began with', () => {
  for (const capacity of [0, 1, 63, 64, 10_000]) {
    const writer = new Writer(capacity)
    const expected: number[] = []
    for (let i = 0; i < 300; i++) {
      writer.uint8(i)
      writer.bytes(Uint8Array.of(i, i + 1))
      expected.push(i & 0xff, i & 0xff, (i + 1) & 0xff)
    }
    expect(writer.length).toBe(900)
    expect(writer.finish()).toEqual(Uint8Array.from(expected))
  }
})

test('what it gives is a copy of its own', () => {
  const writer = new Writer()
  writer.uint8(1)
  const first = writer.finish()
  writer.uint8(2)
  first[0] = 9
  expect(writer.finish()).toEqual(Uint8Array.of(1, 2))
  expect(first.buffer.byteLength).toBe(1)
})

test('begun anew, it has nothing of what was written before', () => {
  const writer = new Writer()
  for (const length of [3, 200, 100_000, 1]) {
    writer.bytes(new Uint8Array(length).fill(7))
    const before = writer.finish()
    writer.clear()
    expect(writer.length).toBe(0)
    writer.uint8(1)
    expect(writer.finish()).toEqual(Uint8Array.of(1))
    expect(before).toEqual(new Uint8Array(length).fill(7))
    writer.clear()
  }
})
