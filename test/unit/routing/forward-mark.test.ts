import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decodeForwardMark,
  decodeRefusal,
  encodeForwardMark,
  encodeRefusal,
  type ForwardMark,
  type Refusal,
} from '../../../packages/libring/src/routing/forward-mark.ts'

/** Names as Serf allows them, and as nobody should: of any well-formed text. */
const aName = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 })

const aMark: fc.Arbitrary<ForwardMark> = fc.record({
  partition: fc.nat(65_535),
  role: fc.constantFrom('primary' as const, 'holder' as const),
  configuration: fc.constantFrom('00000000', '1a2b3c4d'),
  hop: fc.integer({ min: 1, max: 16 }),
  tried: fc.array(aName, { maxLength: 3 }),
  key: fc.constantFrom('', 'tYWJj'),
})

describe('a mark', () => {
  test('is what it was on the other side, in one line of plain characters', () => {
    fc.assert(
      fc.property(aMark, (mark) => {
        const text = encodeForwardMark(mark)
        expect(text).toMatch(/^[\x21-\x7e]+$/)
        expect(decodeForwardMark(text)).toEqual(mark)
      }),
    )
  })

  test('of long names has the latest of them, and can always be read', () => {
    const tried = ['a', 'b', 'c'].map((letter) => letter.repeat(900))
    const mark: ForwardMark = {
      partition: 1,
      role: 'primary',
      configuration: '00000000',
      hop: 1,
      tried,
      key: 't'.repeat(1_400),
    }
    expect(decodeForwardMark(encodeForwardMark(mark))?.tried).toEqual(tried.slice(1))
    const far = { ...mark, tried: ['d'.repeat(9_000)] }
    expect(decodeForwardMark(encodeForwardMark(far))?.tried).toEqual([])
  })

  test('that is none is nothing, and no text does any harm', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const mark = decodeForwardMark(text)
        if (mark !== undefined) expect(decodeForwardMark(encodeForwardMark(mark))).toEqual(mark)
      }),
    )
    const sound = '1;1;p;00000000;1;;'
    expect(decodeForwardMark(sound)).toBeDefined()
    for (const bad of ['1;1;x;00000000;1;;', '1;1;p;00000000;0;;', '1;1;p;0000000G;1;;']) {
      expect(decodeForwardMark(bad), bad).toBeUndefined()
    }
    expect(decodeForwardMark('1;1;p;00000000;1;%zz;')).toBeUndefined()
    expect(decodeForwardMark(`1;1;p;00000000;1;${'a,'.repeat(20)};`)).toBeUndefined()
    expect(decodeForwardMark(sound.padEnd(5_000, 'a'))).toBeUndefined()
  })
})

describe('a refusal', () => {
  test('is what it was on the other side, in one line of plain characters', () => {
    const reason = fc.constantFrom('not-owner' as const, 'configuration', 'key', 'hops')
    const aRefusal: fc.Arbitrary<Refusal> = fc.oneof(
      fc.record({ reason, owner: fc.option(aName, { nil: undefined }) }),
      fc.record({ reason, owner: aName, isNext: fc.constant(true) }),
    )
    fc.assert(
      fc.property(aRefusal, (refusal) => {
        const text = encodeRefusal(refusal)
        expect(text).toMatch(/^[\x21-\x7e]+$/)
        expect(decodeRefusal(text)).toEqual(refusal)
      }),
    )
  })

  test('that is none is nothing, and no text does any harm', () => {
    for (const bad of ['', 'owner', 'not-owners', ';bob', 'not-owner bob', 'a'.repeat(5_000)]) {
      expect(decodeRefusal(bad), bad).toBeUndefined()
    }
    expect(decodeRefusal('not-owner;%zz')).toEqual({ reason: 'not-owner', owner: undefined })
    fc.assert(
      fc.property(
        fc.constantFrom('', 'key', 'key;'),
        fc.string({ unit: 'binary' }),
        (begin, text) => {
          const refusal = decodeRefusal(begin + text)
          expect([undefined, 'key', 'hops', 'configuration', 'not-owner']).toContain(
            refusal?.reason,
          )
        },
      ),
    )
  })
})
