import { describe, expect, test } from 'vitest'
import { OptionError } from '../../../packages/libring/src/base/errors.ts'
import { tagFilter } from '../../../packages/libring/src/cluster/watch-tags.ts'

const filter = (watchTags: Record<string, RegExp>, mode: 'all' | 'any' = 'all') =>
  tagFilter('watchTags', watchTags, mode)

test('without entries every member matches', () => {
  expect([filter({}).matches({}), filter({}, 'any').matches({ ring: 'x' })]).toEqual([true, true])
})

test('all entries have to match, unless any will do', () => {
  const watchTags = { ring: /^active$/, version: /^2/ }
  const members = [
    { ring: 'active', version: '2.1' },
    { ring: 'active', version: '1.9' },
    { ring: 'idle', version: '2.1' },
    { ring: 'idle' },
  ]
  expect(members.map((tags) => filter(watchTags).matches(tags))).toEqual([
    true,
    false,
    false,
    false,
  ])
  expect(members.map((tags) => filter(watchTags, 'any').matches(tags))).toEqual([
    true,
    true,
    true,
    false,
  ])
})

test('a tag that is absent matches nothing, not even an expression for anything', () => {
  expect(filter({ ring: /.*/ }).matches({})).toBe(false)
  expect(filter({ ring: /.*/ }).matches({ ring: '' })).toBe(true)
})

test('names of what every object has are tags like any other', () => {
  expect(filter({ constructor: /./ }).matches({})).toBe(false)
  expect(filter({ toString: /native/ }).matches({})).toBe(false)
})

describe('an expression with state', () => {
  test.each([/active/g, /active/y, /active/gy])(
    '%s gives the same answer every time',
    (pattern) => {
      const watched = filter({ ring: pattern })
      const answers = [1, 2, 3, 4].map(() => watched.matches({ ring: 'active' }))
      expect(answers).toEqual([true, true, true, true])
    },
  )

  test('is left alone, and its state has no say', () => {
    const pattern = /active/g
    const watched = filter({ ring: pattern })
    pattern.lastIndex = 3
    expect(watched.matches({ ring: 'active' })).toBe(true)
    expect(pattern.lastIndex).toBe(3)
  })

  test('that is sticky matches at the beginning only', () => {
    expect(filter({ ring: /active/y }).matches({ ring: 'inactive' })).toBe(false)
  })
})

describe('what is no filter is refused:', () => {
  const wrong: readonly (readonly [string, unknown, string])[] = [
    ['a text instead of an expression', { ring: 'active' }, 'watchTags.ring'],
    ['an empty tag name', { '': /x/ }, 'watchTags'],
    ['a list', [/x/], 'watchTags'],
    ['nothing', null, 'watchTags'],
    ['an expression of its own', /active/, 'watchTags'],
    ['a map', new Map([['ring', /active/]]), 'watchTags'],
    ['what a class made', new (class Tags {})(), 'watchTags'],
  ]
  test.each(wrong)('%s', (_, watchTags, option) => {
    expect(() => filter(watchTags as Record<string, RegExp>)).toThrow(
      expect.objectContaining({ option, constructor: OptionError }),
    )
  })
})
