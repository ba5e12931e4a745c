import { describe, expect, test } from 'vitest'
import {
  fixedMembers,
  type FixedMembersOptions,
} from '../../../packages/libring/src/cluster/fixed-members.ts'

const ann = { name: 'ann', host: '10.0.0.1', port: 7_946 }
const bob = { name: 'bob', host: '2001:DB8:0::2', port: 7_946, tags: { ring: 'active' } }

test('everybody is there from the start, alive, under a canonical address', async () => {
  const membership = fixedMembers({ self: 'ann', members: [ann, bob] })
  await membership.start()
  expect(membership.members()).toEqual([
    { ...ann, tags: {}, status: 'alive' },
    { ...bob, host: '2001:db8::2', status: 'alive' },
  ])
})

test('nobody else is to be waited for', () => {
  expect(fixedMembers({ self: 'ann', members: [ann, bob] }).expectsOthers).toBe(false)
})

describe('what is no list of members is refused by name:', () => {
  const wrong: readonly (readonly [what: string, options: object, option: string])[] = [
    ['nobody', { self: 'ann', members: [] }, 'self'],
    ['a list without ourselves', { self: 'cat', members: [ann, bob] }, 'self'],
    ['no list', { self: 'ann', members: ann }, 'members'],
    ['a name twice', { self: 'ann', members: [ann, ann] }, 'members[1].name'],
    [
      'a member without a name',
      { self: 'ann', members: [{ ...ann, name: '' }] },
      'members[0].name',
    ],
    ['a host name', { self: 'ann', members: [{ ...ann, host: 'web-1' }] }, 'members[0].host'],
    ['an option that there is not', { self: 'ann', members: [ann], seeds: [] }, 'seeds'],
    ['a member that is none', { self: 'ann', members: [null] }, 'members[0]'],
    ['a hole', { self: 'ann', members: Object.assign([], { length: 1 }) }, 'members[0]'],
    ['a slip in a member', { self: 'ann', members: [{ ...ann, tag: {} }] }, 'members[0].tag'],
    ['options that are none', [], 'options'],
    ['no port', { self: 'ann', members: [{ ...ann, port: 0 }] }, 'members[0].port'],
    [
      'tags that are too large',
      { self: 'ann', members: [{ ...ann, tags: { a: 'x'.repeat(600) } }] },
      'members[0].tags',
    ],
  ]
  test.each(wrong)('%s', (_, options, option) => {
    expect(() => fixedMembers(options as FixedMembersOptions)).toThrow(
      expect.objectContaining({ option, code: 'LIBRING_OPTION_INVALID' }),
    )
  })
})

test('without any options it is the options that are missing', () => {
  const create = fixedMembers as (options?: unknown) => unknown
  expect(() => create()).toThrow('options must be a plain object, got undefined')
  expect(() => create(null)).toThrow('options must be a plain object, got null')
})

test('a listener that is no function is refused', () => {
  const membership = fixedMembers({ self: 'ann', members: [ann] })
  expect(() => membership.subscribe(undefined as unknown as () => void)).toThrow(
    'listener must be a function, got undefined',
  )
})
