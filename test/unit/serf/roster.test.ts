import { expect, test } from 'vitest'
import type { Member, MemberStatus } from '../../../packages/libring/src/base/member.ts'
import { Roster } from '../../../packages/libring/src/serf/roster.ts'

const member = (name: string, status: MemberStatus = 'alive'): Member => {
  return { name, host: '127.0.0.1', port: 7946, tags: {}, status }
}

test('members that are gone are listed, and only as long as they are gone', () => {
  const roster = new Roster(10)
  for (const name of ['ann', 'bob', 'cat']) roster.put(member(name), 0)
  roster.setStatus('ann', 'failed', 10)
  roster.setStatus('bob', 'left', 20)
  expect(roster.failed().map(({ name }) => name)).toEqual(['ann'])
  expect(roster.leftNames()).toEqual(['bob'])
  expect([roster.size, roster.failedCount, roster.leftCount]).toEqual([3, 1, 1])
  roster.put(member('ann'), 30)
  roster.remove('bob')
  expect([roster.size, roster.failedCount, roster.leftCount]).toEqual([2, 0, 0])
})

test('a failure that turns out to have been a leave is as old as it was', () => {
  const roster = new Roster(10)
  roster.put(member('ann'), 0)
  roster.setStatus('ann', 'failed', 10)
  roster.setStatus('ann', 'left', 500)
  expect(roster.goneFor('left', 100, 110)).toEqual([])
  expect(roster.goneFor('left', 100, 111)).toEqual([member('ann', 'left')])
})

test('a member that comes back and goes again is gone since the second time', () => {
  const roster = new Roster(10)
  roster.put(member('ann'), 0)
  roster.setStatus('ann', 'failed', 10)
  roster.put(member('ann'), 20)
  roster.setStatus('ann', 'failed', 400)
  expect(roster.goneFor('failed', 100, 450)).toEqual([])
})

test('a snapshot does not change afterwards', () => {
  const roster = new Roster(10)
  roster.put(member('ann'), 0)
  const before = roster.members()
  roster.setStatus('ann', 'failed', 1)
  expect(before).toEqual([member('ann')])
})

test('a full roster forgets whoever is gone longest to take in a new member', () => {
  const roster = new Roster(3)
  for (const name of ['ann', 'bob', 'cat']) roster.put(member(name), 0)
  roster.setStatus('bob', 'left', 10)
  roster.setStatus('ann', 'failed', 20)
  expect(roster.put(member('dan'), 30)).toEqual(member('bob', 'left'))
  expect(roster.put(member('eve'), 30)).toEqual(member('ann', 'failed'))
  expect(roster.members().map(({ name }) => name)).toEqual(['cat', 'dan', 'eve'])
  expect(roster.put(member('cat', 'leaving'), 30)).toBeUndefined()
})

test('whether others are alive does not count the one who asks', () => {
  const roster = new Roster(3)
  roster.put(member('self'), 0)
  roster.put(member('ann', 'leaving'), 0)
  expect(roster.hasAliveBeside('self')).toBe(false)
  roster.put(member('bob'), 0)
  expect(roster.hasAliveBeside('self')).toBe(true)
})
