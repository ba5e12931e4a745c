import { describe, expect, test } from 'vitest'
import { LIBRING_TAG } from '../../../packages/libring/src/base/member.ts'
import { OwnTags } from '../../../packages/libring/src/gossip/own-tags.ts'

describe('the tags of the local member', () => {
  test('are those of the user and, beside them, what libring says', () => {
    const tags = new OwnTags({ role: 'web' })
    expect(tags.all).toEqual({ role: 'web' })
    expect(tags.announce('1,jobs')).toEqual({ role: 'web', [LIBRING_TAG]: '1,jobs' })
    expect(tags.give({ zone: 'a' })).toEqual({ zone: 'a', [LIBRING_TAG]: '1,jobs' })
    expect(tags.announce(undefined)).toEqual({ zone: 'a' })
    expect(tags.all).toEqual({ zone: 'a' })
  })

  test('stay what they were where the new ones do not fit together', () => {
    const tags = new OwnTags({ role: 'web' })
    tags.announce('x'.repeat(200))
    const before = tags.all
    const refused = { option: 'tags' }
    expect(() => tags.give({ big: 'y'.repeat(300) })).toThrow(expect.objectContaining(refused))
    expect(() => tags.announce('x'.repeat(600))).toThrow(expect.objectContaining(refused))
    expect(() => tags.give({ big: 7 })).toThrow(expect.objectContaining({ option: 'tags.big' }))
    expect(tags.all).toEqual(before)
  })

  test('are nobody else’s to change', () => {
    const given: Record<string, string> = { role: 'web' }
    const tags = new OwnTags(given)
    given['role'] = 'db'
    const again: Record<string, string> = { role: 'web' }
    tags.give(again)
    again['role'] = 'db'
    expect(tags.all).toEqual({ role: 'web' })
  })

  test('keep what libring says over a tag of that name of the user', () => {
    const tags = new OwnTags({ [LIBRING_TAG]: 'mine' })
    tags.announce('1,jobs')
    expect(tags.all).toEqual({ [LIBRING_TAG]: '1,jobs' })
  })
})
