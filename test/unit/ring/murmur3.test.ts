import fc from 'fast-check'
import { expect, test } from 'vitest'
import { murmur3Bytes, murmur3Text } from '../../../packages/libring/src/ring/murmur3.ts'

// Published values of MurmurHash3_x86_32 with seed 0.
test.each([
  ['', 0],
  ['a', 0x3c2569b2],
  ['aa', 0x371091a9],
  ['abc', 0xb3dd93fa],
  ['test', 0xba6bd213],
  ['Hello, world!', 0xc0363e43],
  ['hello', 0x248bfa47],
  ['hello, world', 0x149bbb7f],
  ['The quick brown fox jumps over the lazy dog', 0x2e4ff723],
])('%j has the published hash', (text, expected) => {
  expect(murmur3Text(text) >>> 0).toBe(expected)
})

test('text hashes as its UTF-8 bytes', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.string({ unit: 'binary-ascii', maxLength: 40 }),
    fc.array(fc.constantFrom('a', 'é', '節', '😀', '\ud83d', '\ude00')).map((all) => all.join('')),
  )
  fc.assert(
    fc.property(text, (text) => {
      expect(murmur3Text(text)).toBe(murmur3Bytes(new TextEncoder().encode(text)))
    }),
    { seed: 1, numRuns: 2_000 },
  )
})

test('every shape of code points on every offset hashes as its UTF-8 bytes', () => {
  const points = ['a', 'é', '節', '😀', '\ud800']
  const grow = (texts: string[]) => texts.flatMap((text) => points.map((point) => text + point))
  let texts = ['']
  for (let length = 1; length <= 5; length++) {
    texts = grow(texts)
    for (const text of texts) {
      expect(murmur3Text(text)).toBe(murmur3Bytes(new TextEncoder().encode(text)))
    }
  }
})

test('every unit and many pairs hash as their UTF-8 bytes, wherever in a block they start', () => {
  const encoder = new TextEncoder()
  const wrong: number[] = []
  for (let point = 0; point <= 0x10ffff; point += point <= 0xffff ? 1 : 17) {
    const text = `${'abcdefg'.slice(point % 7)}${String.fromCodePoint(point)}é`
    if (murmur3Text(text) !== murmur3Bytes(encoder.encode(text))) wrong.push(point)
  }
  expect(wrong).toEqual([])
})

test('long text hashes as its UTF-8 bytes, wherever it stops being ASCII', () => {
  const text = fc.tuple(
    fc.string({ unit: 'binary-ascii', maxLength: 300 }),
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.string({ unit: 'binary-ascii', maxLength: 300 }),
  )
  fc.assert(
    fc.property(text, (parts) => {
      const whole = parts.join('')
      expect(murmur3Text(whole)).toBe(murmur3Bytes(new TextEncoder().encode(whole)))
    }),
    { seed: 1, numRuns: 1_000 },
  )
})
