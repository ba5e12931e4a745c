import { describe, expect, test } from 'vitest'
import { homesAndActing, withRecords } from '../../../packages/libring/src/ownership/acting.ts'
import { resolveRingOptions } from '../../../packages/libring/src/ring/options.ts'
import { diff } from '../../../packages/libring/src/ring/diff.ts'
import { Ring } from '../../../packages/libring/src/ring/ring.ts'
import { aClusterMember } from '../../support/ownership.ts'

const everybody = ['ann', 'bob', 'cat', 'dan', 'eve'].map((name) => aClusterMember(name))
const options = resolveRingOptions({ partitions: 64, redundancy: 3 })
const whole = new Ring(everybody, options)

/** What there is of partition `p` once its first `count` homes are away. */
function without(p: number, count: number) {
  const away = whole.holdersForPartition(p).slice(0, count)
  const present = everybody.filter((member) => !away.includes(member))
  const { acting, homes } = homesAndActing(present, away, options)
  const row = [0, 1, 2].map((replica) => acting.holderAt(p, replica))
  return { acting, homes, row }
}

const [first, second, third, fourth, fifth] = whole.membersForPartition(7)

describe('homes and acting holders', () => {
  test('are one ring, made as always, while nobody is away', () => {
    const { homes, acting } = homesAndActing(everybody, [], options)
    expect(homes).toBe(acting)
    expect(acting.assignment.holders).toEqual(whole.assignment.holders)
  })

  test('are one ring once everybody who was away is back', () => {
    const { homes, acting } = homesAndActing(everybody, [everybody[2]!], options)
    expect(homes).toBe(acting)
  })

  test('a backup acts for the primary, and leaves its own index vacant', () => {
    const { row, acting, homes } = without(7, 1)
    expect(row).toEqual([second, undefined, third])
    expect(acting.holdersForPartition(7)).toEqual([second, third])
    expect(acting.membersForPartition(7)).toEqual([second, third, fourth, fifth])
    expect(homes.holdersForPartition(7)).toEqual([first, second, third])
  })

  test('the last home acts alone', () => {
    const { row, acting } = without(7, 2)
    expect(row).toEqual([third, undefined, undefined])
    expect(acting.holdersForPartition(7)).toEqual([third])
  })

  test('the next of the preference list acts where all homes are away', () => {
    const { row, acting } = without(7, 3)
    expect(row).toEqual([fourth, undefined, undefined])
    expect(acting.membersForPartition(7)).toEqual([fourth, fifth])
  })

  test('show nobody where nobody is there', () => {
    const { acting, homes } = homesAndActing([], everybody, options)
    expect(acting.ownerForKey('a')).toBeUndefined()
    expect(acting.membersForKey('a')).toEqual([])
    expect(acting.holdersForKey('a')).toEqual([])
    expect(homes.holdersForKey('a')).toHaveLength(3)
  })

  test('a lookup makes no new list', () => {
    const { acting } = without(7, 2)
    expect(acting.holdersForKey('a')).toBe(acting.holdersForKey('a'))
    expect(acting.membersForKey('a')).toBe(acting.membersForKey('a'))
  })

  test('what is vacant is no holding, no load, and a move from or to nobody', () => {
    const { acting } = without(7, 2)
    const slots = Array.from(acting.assignment.holders).filter((index) => index < 3).length
    const held = acting.members.flatMap(({ name }) => acting.partitionsOf(name))
    expect(held).toHaveLength(slots)
    const replicas = acting.memberLoads.reduce((sum, load) => sum + load.replicas, 0)
    expect(replicas).toBe(slots)
    expect(diff(acting, acting)).toEqual([])
    expect(diff(whole, acting).filter(({ partition }) => partition === 7)).toEqual([
      { partition: 7, replica: 0, from: first, to: third },
      { partition: 7, replica: 1, from: second, to: undefined },
      { partition: 7, replica: 2, from: third, to: undefined },
    ])
    expect(diff(acting, whole).filter(({ partition }) => partition === 7)).toEqual([
      { partition: 7, replica: 0, from: third, to: first },
      { partition: 7, replica: 1, from: undefined, to: second },
      { partition: 7, replica: 2, from: undefined, to: third },
    ])
  })

  test('of more than a ring can have, as many are away as there is room for', () => {
    const small = resolveRingOptions({ partitions: 1, redundancy: 1, assignment: 'rendezvous' })
    const away = Array.from({ length: 65_536 }, (_, i) => ({ name: `x${i}`, weight: 1, zone: '' }))
    const { homes, acting } = homesAndActing([aClusterMember('ann')], away, small)
    expect(homes.members).toHaveLength(65_535)
    expect(acting.ownerForKey('a')?.name).toBe('ann')
  })
})

describe('records that are others', () => {
  const renewed = everybody.map((member) => ({ ...member, tags: { mood: 'fine' } }))
  const moods = (members: readonly object[]): readonly unknown[] => {
    return members.map((member) => ('tags' in member ? member.tags : undefined))
  }

  test('are shown in one ring while nobody is away, holding what they held', () => {
    const before = homesAndActing(everybody, [], options)
    const { homes, acting } = withRecords(before, renewed)
    expect(homes).toBe(acting)
    expect(acting.assignment).toBe(before.acting.assignment)
    const names = before.acting.holdersForPartition(7).map(({ name }) => name)
    const holders = names.map((name) => renewed.find((member) => member.name === name))
    expect(acting.holdersForPartition(7)).toEqual(holders)
  })

  test('are shown at home and acting while somebody is away, whose home stays as it was', () => {
    const [away, ...present] = everybody
    const before = homesAndActing(present, [{ name: away!.name, weight: 1, zone: '' }], options)
    const { homes, acting } = withRecords(before, renewed.slice(1))
    expect(homes.assignment).toBe(before.homes.assignment)
    expect(acting.assignment).toBe(before.acting.assignment)
    expect(moods(acting.members)).toEqual(renewed.slice(1).map(({ tags }) => tags))
    expect(moods(homes.members)).toEqual([undefined, ...renewed.slice(1).map(({ tags }) => tags)])
  })
})
