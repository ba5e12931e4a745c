import { describe, expect, test } from 'vitest'
import { toHex } from '../../../packages/libring/src/base/bytes.ts'
import { OptionError } from '../../../packages/libring/src/base/errors.ts'
import { decodeTags, encodeTags, requireTags } from '../../../packages/libring/src/serf/tags.ts'
import { hex, serfVectors } from '../../support/vectors.ts'

interface TagsVector {
  readonly hex: string
  readonly tags: Record<string, string> | null
}
const { encode, decode } = serfVectors<{
  readonly encode: readonly TagsVector[]
  readonly decode: readonly TagsVector[]
}>('tags.json')

const DC_ROLE = 'a26463a765752d77657374a4726f6c65a26462'
const ROLE_DC = 'a4726f6c65a26462a26463a765752d77657374'

describe('tags agree with Serf', () => {
  for (const vector of encode) {
    test(`encoding ${JSON.stringify(vector.tags).slice(0, 60)}`, () => {
      const tags = vector.tags ?? {}
      expect(decodeTags(encodeTags(tags))).toEqual(tags)
      expect(decodeTags(hex(vector.hex))).toEqual(tags)
      // Serf writes several tags in a random order, we in the order of their bytes.
      expect(toHex(encodeTags(tags))).toBe(vector.hex.replace(ROLE_DC, DC_ROLE))
    })
  }

  for (const vector of decode) {
    test(`decoding ${JSON.stringify(vector.hex)}`, () => {
      expect(decodeTags(hex(vector.hex))).toEqual(vector.tags ?? {})
    })
  }
})

test('the same tags give the same meta in whatever order they are given', () => {
  expect(encodeTags({ a: '1', b: '2' })).toEqual(encodeTags({ b: '2', a: '1' }))
})

test('where the meta breaks off, the tags before are kept', () => {
  const whole = encodeTags({ a: '1', b: '2' })
  expect(decodeTags(whole.subarray(0, whole.length - 1))).toEqual({ a: '1' })
})

test('a tag that is no text is left out, and those after it are kept', () => {
  expect(decodeTags(hex('ff82' + 'a161' + 'a1ff' + 'a162' + 'a132'))).toEqual({ b: '2' })
})

test('a tag by the name of something that every object has is a tag like any other', () => {
  const tags = JSON.parse('{"__proto__":"x","constructor":"y"}') as Record<string, string>
  const decoded = decodeTags(encodeTags(tags))
  expect(Object.entries(decoded)).toEqual([
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ])
})

test('meta of 512 bytes is the limit', () => {
  const ofLength = (length: number) => ({ k: 'x'.repeat(length - 7) })
  expect(encodeTags(ofLength(512)).length).toBe(512)
  expect(() => requireTags('serf.tags', ofLength(513))).toThrow(
    new OptionError('serf.tags', 'at most 512 bytes when encoded', 513),
  )
})

test('the empty tag name and the empty value are allowed, as Serf has it', () => {
  expect(() => requireTags('tags', { '': '', k: '' })).not.toThrow()
})

test('what is no text by text is an option error that names the place', () => {
  expect(() => requireTags('tags', { zone: 3 })).toThrow(
    /^tags\.zone must be well-formed text, got 3$/,
  )
  expect(() => requireTags('tags', ['a'])).toThrow(/^tags must be a plain object of text/)
  expect(() => requireTags('tags', null)).toThrow(OptionError)
})

test('tags that a class made are refused, though they may have no entries', () => {
  for (const tags of [new Map([['a', 'b']]), /a/, new Date(0), new (class Tags {})()]) {
    expect(() => requireTags('tags', tags)).toThrow(/^tags must be a plain object/)
  }
})

test('text that would not arrive as it was sent is refused', () => {
  expect(() => requireTags('tags', { a: '\ud800' })).toThrow(/^tags\.a must be well-formed text/)
  expect(() => requireTags('tags', { 'a\udc00': 'b' })).toThrow(/^tags must be without ill-formed/)
  expect(() => requireTags('tags', { '😀': '😀' })).not.toThrow()
})
