import { expect, test } from 'vitest'
import { sortMembers, type RingMember } from '../../../packages/libring/src/ring/ring-member.ts'
import { namesOf, ringVectors } from '../../support/ring-vectors.ts'

test('members are in the order of the bytes of their names, as Go sorts them', () => {
  const { sorted, unsorted } = ringVectors<{ sorted: string[]; unsorted: string[] }>(
    'go-libring-nameorder',
  )
  expect(namesOf(sortMembers(unsorted.map((name) => ({ name }))))).toEqual(sorted)
})

test('the list is frozen and holds the very objects it was given', () => {
  const members = [{ name: 'b' }, { name: 'a', url: 'http://a' }]
  const sorted = sortMembers(members)
  expect(sorted[0]).toBe(members[1])
  expect(sorted[1]).toBe(members[0])
  expect(Object.isFrozen(sorted)).toBe(true)
})

test.each<[string, unknown]>([
  ['member.name', { name: '\ud800' }],
  ['member.name', { name: 7 }],
  ['member.weight', { name: 'a', weight: 0 }],
  ['member.weight', { name: 'a', weight: 65_536 }],
  ['member.weight', { name: 'a', weight: 1.5 }],
  ['member.zone', { name: 'a', zone: 'x\udc00' }],
  ['member.zone', { name: 'a', zone: 1 }],
])('%s is checked: %j', (option, member) => {
  expect(() => sortMembers([member as RingMember])).toThrow(expect.objectContaining({ option }))
})

test('two members of one name are refused', () => {
  const twins = [{ name: 'a' }, { name: 'b' }, { name: 'a' }]
  expect(() => sortMembers(twins)).toThrow('members must be unique by name, got "a"')
})

test('more members than tables can index are refused', () => {
  const crowd = Array.from({ length: 65_536 }, (_, i) => ({ name: `n${i}` }))
  expect(() => sortMembers(crowd)).toThrow(/at most 65535 members/)
})
