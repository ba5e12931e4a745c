import { describe, expect, test } from 'vitest'
import { concatBytes, fromHex, toHex } from '../../../packages/libring/src/base/bytes.ts'
import { ValueScanner } from '../../../packages/libring/src/codec/value-scanner.ts'

/** One of every form, containers with what is in them. */
const VALUES = [
  '05',
  'c0',
  'cd0102',
  'd3ffffffffffffff00',
  'cb3ff0000000000000',
  'a3616263',
  'd903616263',
  'c403010203',
  'da0003616263',
  '93010293c0a16105',
  '82a16101a1629182a163c3a164c2',
  'dc000201a162',
  'de0001a16190',
  '80',
]

function scan(chunks: readonly Uint8Array[], bytesMax = 1_000): string[] {
  const scanner = new ValueScanner()
  const values: string[] = []
  for (const chunk of chunks) {
    scanner.push(chunk)
    for (let value = scanner.take(bytesMax); value !== undefined;) {
      values.push(toHex(value))
      value = scanner.take(bytesMax)
    }
  }
  if (scanner.fault !== undefined) values.push(scanner.fault)
  return values
}

describe('values back to back', () => {
  const stream = concatBytes(VALUES.map((hex) => fromHex(hex)!))

  test('come out one by one, however the stream is cut', () => {
    expect(scan([stream])).toEqual(VALUES)
    expect(scan(Array.from(stream, (byte) => Uint8Array.of(byte)))).toEqual(VALUES)
    for (let cut = 1; cut < stream.length; cut++) {
      expect(scan([stream.subarray(0, cut), stream.subarray(cut)])).toEqual(VALUES)
    }
  })

  test('are copies that outlive the stream', () => {
    const scanner = new ValueScanner()
    scanner.push(fromHex('a161')!)
    const value = scanner.take(10)!
    scanner.push(fromHex('a162')!)
    scanner.take(10)
    expect(toHex(value)).toBe('a161')
  })

  test('leave nothing behind once taken', () => {
    const scanner = new ValueScanner()
    scanner.push(stream)
    while (scanner.take(1_000) !== undefined);
    expect(scanner.size).toBe(0)
  })
})

describe('what will be too large is found out by what it says of itself', () => {
  test.each([
    ['text of 4 GiB', 'dbffffffff'],
    ['bytes of 4 GiB', 'c6ffffffff'],
    ['an extension of 4 GiB', 'c9ffffffff'],
    ['an array of 4 billion values', 'ddffffffff'],
    ['a map of 4 billion pairs', 'dfffffffff'],
    ['text one byte over the limit', 'd962'],
    ['arrays in arrays without an end', '91'.repeat(101)],
  ])('%s', (_, hex) => {
    const bytes = fromHex(hex)!
    expect(scan([bytes], 99)).toEqual(['too-large'])
    expect(
      scan(
        Array.from(bytes, (byte) => Uint8Array.of(byte)),
        99,
      ),
    ).toEqual(['too-large'])
  })

  test('a value of just the limit passes', () => {
    expect(scan([fromHex('d961')!, new Uint8Array(97)], 99)).toEqual([`d961${'00'.repeat(97)}`])
  })
})

test('what is no MessagePack ends the stream, and frees what was held', () => {
  const scanner = new ValueScanner()
  scanner.push(fromHex('0192c1')!)
  expect([scanner.take(10), scanner.take(10), scanner.fault]).toEqual([
    Uint8Array.of(1),
    undefined,
    'malformed',
  ])
  scanner.push(new Uint8Array(1_000))
  expect([scanner.size, scanner.take(10)]).toEqual([0, undefined])
})

test('a value of 20,000 parts in as many chunks comes out whole', () => {
  const parts = Array.from({ length: 20_000 }, (_, index) => Uint8Array.of(index % 0x80))
  const whole = concatBytes([Uint8Array.of(0xdc, 0x4e, 0x20), ...parts])
  expect(
    scan(
      Array.from(whole, (byte) => Uint8Array.of(byte)),
      20_003,
    ),
  ).toEqual([toHex(whole)])
})
