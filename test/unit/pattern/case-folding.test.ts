import { expect, test } from 'vitest'
import { CASES_MAX, casesOf } from '../../../packages/libring/src/pattern/case-folding.ts'

/** Foldings that Unicode 15.1 brought, and Go, as of Unicode 15.0, does not have. */
const LATER = new Set([0x390, 0x1fd3, 0x3b0, 0x1fe3, 0xfb05, 0xfb06])

const cased: number[] = []
for (let point = 0; point <= 0x10_ffff; point++) {
  if (/\p{Changes_When_Casemapped}/u.test(String.fromCodePoint(point))) cased.push(point)
}

test('every character has the cases that the platform gives it when it ignores case', () => {
  const all = String.fromCodePoint(...cased)
  expect(cased.length).toBeGreaterThan(2_800)
  for (const point of cased) {
    if (LATER.has(point)) continue
    const alike = new RegExp(`\\u{${point.toString(16)}}`, 'giu')
    const expected = (all.match(alike) ?? []).map((character) => character.codePointAt(0))
    expect(new Set(casesOf(point)), point.toString(16)).toEqual(new Set(expected))
  }
})

test('none has more than four', () => {
  expect(Math.max(...cased.map((point) => casesOf(point).length))).toBe(CASES_MAX)
})

test.each(['1', '-', 'ı', 'ﬁ', '語', '😀'])('%s has one case only', (character) => {
  const point = character.codePointAt(0)!
  expect(casesOf(point)).toEqual([point])
})
