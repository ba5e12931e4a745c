import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { lzwCompress, lzwDecompress } from '../../../packages/libring/src/codec/lzw.ts'
import { bitsOf, naiveCompress, naiveDecompress, packBits } from '../../support/naive-lzw.ts'
import { hex, serfVectors } from '../../support/vectors.ts'

interface LzwVector {
  readonly name: string
  readonly generator?: string
  readonly inputHex?: string
  readonly inputLength: number
  readonly inputSha256: string
  readonly lzwHex?: string
  readonly lzwLength: number
  readonly lzwSha256: string
}

const { textBase: textBaseAndThree, vectors } = serfVectors<{
  textBase: string
  vectors: LzwVector[]
}>('lzw.json')
// The text that repeats is given with the first three letters of its next round.
const textBase = textBaseAndThree.slice(0, -3)
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const unlimited = 1 << 24

/** The generator of pseudo-random bytes that the vectors name. */
function lcg(seed: number, length: number, mask: number): Uint8Array {
  let state = seed
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return (state >>> 24) & mask
  })
}

function inputOf({ inputHex, generator = '', inputLength }: LzwVector): Uint8Array {
  if (inputHex !== undefined) return hex(inputHex)
  const seed = /^lcg seed (\d+)/.exec(generator)?.[1]
  if (seed !== undefined)
    return lcg(Number(seed), inputLength, /0x0f$/.test(generator) ? 0x0f : 0xff)
  const pattern = /textBase/.test(generator) ? textBase : '\0'
  return Uint8Array.from({ length: inputLength }, (_, i) => pattern.charCodeAt(i % pattern.length))
}

describe('what Go compressed', () => {
  test.each(vectors)('$name is compressed to the same bytes, and back', (vector) => {
    const input = inputOf(vector)
    expect(sha256(input)).toBe(vector.inputSha256)
    const compressed = lzwCompress(input)
    expect(compressed.length).toBe(vector.lzwLength)
    expect(sha256(compressed)).toBe(vector.lzwSha256)
    expect(sha256(lzwDecompress(compressed, unlimited) as Uint8Array)).toBe(vector.inputSha256)
  })

  test.each(vectors.filter(({ inputLength }) => inputLength <= 5_000))(
    '$name is no different for the naive twin',
    (vector) => {
      expect(sha256(naiveCompress(inputOf(vector)))).toBe(vector.lzwSha256)
      expect(naiveDecompress(hex(vector.lzwHex!))).toEqual([...inputOf(vector)])
    },
  )
})

/** Codes packed as an encoder would, all of one width. */
function packed(width: number, ...codes: number[]): Uint8Array {
  return packBits(codes.flatMap((code) => bitsOf(code, width)))
}

describe('codes that Go never writes', () => {
  test('a stream may begin without a clear code', () => {
    expect(lzwDecompress(packed(9, 65, 66, 258, 257), 100)).toEqual(Uint8Array.of(65, 66, 65, 66))
  })

  test('clears may follow each other', () => {
    expect(lzwDecompress(packed(9, 256, 256, 65, 256, 66, 256, 257), 100)).toEqual(
      Uint8Array.of(65, 66),
    )
  })

  test('bytes behind the end code are ignored', () => {
    const bytes = Uint8Array.of(...packed(9, 256, 65, 257), 1, 2, 3)
    expect(lzwDecompress(bytes, 100)).toEqual(Uint8Array.of(65))
  })

  test('a table that is never cleared stays as it is at 4,096 codes', () => {
    // 258 up to 4,095 each stand for the last string and one more; then the table is full.
    const codes = [65]
    for (let code = 258; code <= 4_095; code++) codes.push(code)
    codes.push(4_095, 65, 4_095, 300, 257)
    const bits: number[] = []
    let last = 257
    let width = 9
    for (const code of codes) {
      bits.push(...bitsOf(code, width))
      last = Math.min(last + 1, 4_096)
      if (last === 1 << width && width < 12) width++
    }
    const bytes = packBits(bits)
    const output = lzwDecompress(bytes, unlimited) as Uint8Array
    expect(sha256(output)).toBe(sha256(Uint8Array.from(naiveDecompress(bytes)!)))
    const longest = 4_095 - 258 + 2
    expect(output.length).toBe((longest * (longest + 1)) / 2 + longest + 1 + longest + 44)
  })
})

describe('what is not LZW', () => {
  const broken: [string, Uint8Array, string][] = [
    ['nothing', Uint8Array.of(), 'truncated'],
    ['half a code', Uint8Array.of(0), 'truncated'],
    ['no end code', packed(9, 256, 65, 66), 'truncated'],
    ['a string before any', packed(9, 256, 258, 257), 'malformed'],
    ['a string not seen yet', packed(9, 256, 65, 259, 257), 'malformed'],
    ['a string from before the clear', packed(9, 256, 65, 66, 258, 256, 65, 259), 'malformed'],
  ]
  test.each(broken)('%s', (_, bytes, fault) => {
    expect(lzwDecompress(bytes, 100)).toBe(fault)
  })

  test('any cut of a good stream is truncated', () => {
    const whole = lzwCompress(lcg(9, 600, 0x0f))
    for (let length = 0; length < whole.length; length++) {
      expect(lzwDecompress(whole.subarray(0, length), 1_000)).toBe('truncated')
    }
  })
})

describe('the limit', () => {
  test('lets through what just fits, and nothing longer', () => {
    for (const input of [lcg(1, 500, 0xff), new Uint8Array(500), Uint8Array.of(7)]) {
      const compressed = lzwCompress(input)
      expect(lzwDecompress(compressed, input.length)).toEqual(input)
      expect(lzwDecompress(compressed, input.length - 1)).toBe('too-large')
    }
    expect(lzwDecompress(lzwCompress(new Uint8Array(0)), 0)).toEqual(new Uint8Array(0))
  })

  test('stops a bomb before it goes off', () => {
    const bomb = lzwCompress(new Uint8Array(8 << 20))
    expect(bomb.length).toBeLessThan(8 << 14)
    expect(lzwDecompress(bomb, 65_536)).toBe('too-large')
  })
})
