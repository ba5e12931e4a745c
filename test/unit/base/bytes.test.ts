import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  fromBase64,
  toBase64,
  compareBytes,
  compareUtf8,
  concatBytes,
  equalBytes,
  fromHex,
  NO_BYTES,
  isWellFormed,
  toHex,
  utf8Decode,
  utf8Encode,
  utf8Length,
} from '../../../packages/libring/src/base/bytes.ts'
import { retainedBytes } from '../../support/retained-bytes.ts'

const bytes = (...values: number[]) => Uint8Array.from(values)

// The first and last code point of each length, both sides of the surrogates, and mixtures.
const wellFormed = [
  '',
  'a',
  '\u0000\u007f',
  '\u0080\u07ff',
  '\u0800\ud7ff\ue000\uffff',
  '\u{10000}\u{10ffff}',
  'grüße, 世界 🚀!',
  '\ufeffwith a mark in front',
]

describe('text to UTF-8 and back', () => {
  test.each(wellFormed)('%j gives the bytes that TextEncoder gives', (text) => {
    expect(utf8Encode(text)).toEqual(new TextEncoder().encode(text))
    expect(utf8Length(text)).toBe(utf8Encode(text).length)
    expect(utf8Decode(utf8Encode(text))).toBe(text)
  })

  test.each(['\ud800', 'a\udc00b', '\udc00\ud800', '\ud800\ud800\udc00', 'end \udbff'])(
    'a lone surrogate in %j becomes U+FFFD',
    (text) => {
      expect(utf8Encode(text)).toEqual(new TextEncoder().encode(text))
      expect(utf8Length(text)).toBe(utf8Encode(text).length)
    },
  )

  // Every first byte, and behind it the borders of what may or may not follow.
  const borders = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff]
  test('exactly what TextDecoder refuses is refused', () => {
    const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
    const disagreed: string[] = []
    const check = (candidate: Uint8Array) => {
      let text: string | undefined
      try {
        text = strict.decode(candidate)
      } catch {
        text = undefined
      }
      if (utf8Decode(candidate) !== text) disagreed.push(toHex(candidate))
    }
    for (let first = 0; first < 256; first++) {
      check(bytes(first))
      for (const second of borders) {
        check(bytes(first, second))
        if (first < 0xdf) continue
        for (const third of borders) {
          check(bytes(first, second, third))
          if (first < 0xef) continue
          for (const fourth of borders) check(bytes(first, second, third, fourth))
        }
      }
    }
    expect(disagreed).toEqual([])
  })
})

describe('order', () => {
  test('bytes compare unsigned, and a prefix comes first', () => {
    const sorted = [bytes(), bytes(0), bytes(0, 255), bytes(1), bytes(127), bytes(128), bytes(255)]
    expect(sorted.toReversed().toSorted(compareBytes)).toEqual(sorted)
    expect(compareBytes(bytes(1, 2), bytes(1, 2))).toBe(0)
  })

  test('text compares as its UTF-8 does, also where surrogates meet U+E000 to U+FFFF', () => {
    const texts = [...wellFormed, '\uffff', '\ue000', '\u{10000}', '\ud7ff', 'ab', 'A', 'ä']
    const pairs = texts.flatMap((left) => texts.map((right) => [left, right] as const))
    const disagreed = pairs.filter(([left, right]) => {
      const order = compareBytes(utf8Encode(left), utf8Encode(right))
      return Math.sign(compareUtf8(left, right)) !== Math.sign(order)
    })
    expect(disagreed).toEqual([])
  })

  test('bytes are equal when each of them is', () => {
    expect(equalBytes(bytes(1, 2), bytes(1, 2))).toBe(true)
    expect(equalBytes(bytes(1, 2), bytes(1, 3))).toBe(false)
    expect(equalBytes(bytes(1, 2), bytes(1, 2, 0))).toBe(false)
    expect(equalBytes(NO_BYTES, bytes())).toBe(true)
  })
})

test('parts are joined in their order', () => {
  expect(concatBytes([bytes(1), bytes(), bytes(2, 3)])).toEqual(bytes(1, 2, 3))
  expect(concatBytes([])).toEqual(bytes())
})

describe('hexadecimal', () => {
  test('every byte has two lower-case digits', () => {
    const all = Uint8Array.from({ length: 256 }, (_, byte) => byte)
    expect(toHex(all)).toBe(Buffer.from(all).toString('hex'))
    expect(fromHex(toHex(all))).toEqual(all)
    expect(fromHex('FFfF')).toEqual(bytes(255, 255))
    expect(fromHex('')).toEqual(bytes())
  })

  test.each(['f', '0g', ' 0', '0x', '-1', '1.', '００'])('%j is no hexadecimal', (text) => {
    expect(fromHex(text)).toBeUndefined()
  })
})

describe('a long text takes the memory of its characters and little more', () => {
  const length = 1_048_576

  test('in hexadecimal', () => {
    expect(toHex(bytes(...new Array<number>(9_000).fill(0xa5)))).toBe('a5'.repeat(9_000))
    expect(retainedBytes(() => toHex(new Uint8Array(length)))).toBeLessThan(3 * length)
  })

  test('read from UTF-8', () => {
    // Odd lengths, so that no piece of any even size ends between two characters.
    const mixed = '\u{10ffff}aé世'.repeat(3_001)
    expect(utf8Decode(utf8Encode(mixed))).toBe(mixed)
    const plain = new Uint8Array(length).fill(0x61)
    expect(retainedBytes(() => utf8Decode(plain))).toBeLessThan(2 * length)
    const wide = utf8Encode('世'.repeat(length / 4))
    expect(retainedBytes(() => utf8Decode(wide))).toBeLessThan(length)
  })
})

test('Base64 is read and written as others have it, and nothing else is read', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => {
      const text = Buffer.from(bytes).toString('base64')
      expect(toBase64(bytes)).toBe(text)
      expect(fromBase64(text)).toEqual(bytes)
    }),
    { seed: 64 },
  )
  for (const text of ['a', 'ab', 'ab=', 'a===', 'ab-_', 'ab c', 'abcd=']) {
    expect(fromBase64(text)).toBeUndefined()
  }
})

test.each(['', 'plain', 'é', '😀', '\ufffd', '\ue000'])('%o is well-formed', (text) => {
  expect(isWellFormed(text)).toBe(true)
})

test.each(['\ud83d', '\ude00', '\ude00\ud83d', 'a\ud83db', '😀\ud83d'])('%o is not', (text) => {
  expect(isWellFormed(text)).toBe(false)
})
