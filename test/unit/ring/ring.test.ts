import { describe, expect, test } from 'vitest'
import { Ring } from '../../../packages/libring/src/ring/ring.ts'
import type { AssignmentName } from '../../../packages/libring/src/ring/options.ts'
import { namesOf, nodes } from '../../support/ring-vectors.ts'

const modes: AssignmentName[] = ['balanced', 'rendezvous', 'go-consistent', 'go-uniform']

describe.each(modes)('%s', (assignment) => {
  const ring = new Ring(nodes(8), { assignment, partitions: 64, redundancy: 3 })

  test('every partition has as many different holders as the redundancy says', () => {
    for (let p = 0; p < 64; p++) {
      const holders = ring.holdersForPartition(p)
      expect(new Set(holders).size).toBe(3)
    }
  })

  test('a preference list has every member once, the holders first', () => {
    for (let p = 0; p < 64; p++) {
      const preference = ring.membersForPartition(p)
      expect(namesOf(preference).sort()).toEqual(namesOf(ring.members))
      expect(preference.slice(0, 3)).toEqual(ring.holdersForPartition(p))
    }
  })

  test('a key has the members of its partition', () => {
    for (const key of ['', 'user:1', '鍵', Uint8Array.of(255, 0)]) {
      const partition = ring.partitionForKey(key)
      expect(ring.ownerForKey(key)).toBe(ring.holdersForPartition(partition)[0])
      expect(ring.holdersForKey(key)).toBe(ring.holdersForPartition(partition))
      expect(ring.membersForKey(key)).toBe(ring.membersForPartition(partition))
    }
  })

  test('the order in which members were learned does not matter', () => {
    const reversed = new Ring(nodes(8).reverse(), { assignment, partitions: 64, redundancy: 3 })
    expect(reversed.assignment.holders).toEqual(ring.assignment.holders)
  })

  test('with fewer members than the redundancy, all of them hold everything', () => {
    const small = new Ring(nodes(2), { assignment, partitions: 16, redundancy: 3 })
    for (let p = 0; p < 16; p++) {
      expect(namesOf(small.holdersForPartition(p)).sort()).toEqual(['node-0', 'node-1'])
    }
  })

  test('a ring without members has partitions and nobody in them', () => {
    const empty = new Ring([], { assignment, partitions: 16 })
    expect(empty.partitionForKey('a')).toBeLessThan(16)
    expect(empty.ownerForKey('a')).toBeUndefined()
    expect(empty.holdersForKey('a')).toEqual([])
    expect(empty.membersForKey('a')).toEqual([])
    expect(empty.partitionsOf('a')).toEqual([])
    expect(empty.memberLoads).toEqual([])
    expect(empty.zoneLoads).toEqual([])
  })

  test('holdings and loads tell the same as the lists', () => {
    let slots = 0
    for (const { member, replicas, primaries } of ring.memberLoads) {
      const holdings = ring.partitionsOf(member.name)
      expect(holdings).toHaveLength(replicas)
      expect(holdings.filter(({ replica }) => replica === 0)).toHaveLength(primaries)
      for (const { partition, replica } of holdings) {
        expect(ring.holdersForPartition(partition)[replica]).toBe(member)
      }
      slots += replicas
    }
    expect(slots).toBe(64 * 3)
  })
})

describe('lists that are handed out', () => {
  const members = nodes(5)
  const ring = new Ring(members, { partitions: 2_056 })

  test('hold the very objects of the caller', () => {
    expect(members).toContain(ring.ownerForKey('a'))
  })

  test('are frozen and made once', () => {
    for (const list of [ring.members, ring.holdersForKey('a'), ring.membersForKey('a')]) {
      expect(Object.isFrozen(list)).toBe(true)
    }
    expect(ring.holdersForKey('a')).toBe(ring.holdersForKey('a'))
    expect(ring.membersForKey('a')).toBe(ring.membersForKey('a'))
  })

  test('are bounded: of the preference lists the last 1,024 are kept', () => {
    const first = ring.membersForPartition(0)
    for (let p = 1; p < 1_024; p++) ring.membersForPartition(p)
    expect(ring.membersForPartition(0)).toBe(first)
    for (let p = 1_024; p < 2_048; p++) ring.membersForPartition(p)
    expect(ring.membersForPartition(0)).not.toBe(first)
    expect(ring.membersForPartition(0)).toEqual(first)
  })
})

test.each([-1, 64, 0.5, Number.NaN])('%d is not a partition of 64', (partition) => {
  const ring = new Ring(nodes(2), { partitions: 64 })
  expect(() => ring.holdersForPartition(partition)).toThrow(/partition must be a whole number/)
  expect(() => ring.membersForPartition(partition)).toThrow(/partition must be a whole number/)
})

test('zones are summed up', () => {
  const zones = ['a', 'b', 'a', undefined]
  const members = nodes(4).map((member, i) => ({ ...member, zone: zones[i], weight: i + 1 }))
  const ring = new Ring(members, { partitions: 16, redundancy: 4 })
  const primaries = expect.any(Number) as number
  expect(ring.zoneLoads).toEqual([
    { zone: 'a', members: 2, weight: 4, replicas: 32, primaries },
    { zone: 'b', members: 1, weight: 2, replicas: 16, primaries },
    { zone: '', members: 1, weight: 4, replicas: 16, primaries },
  ])
  expect(ring.zoneLoads.reduce((sum, load) => sum + load.primaries, 0)).toBe(16)
})

test.each(['go-consistent', 'go-uniform'] as const)(
  '%s refuses weights and zones',
  (assignment) => {
    expect(() => new Ring([{ name: 'a', weight: 2 }], { assignment })).toThrow(/member.weight must/)
    expect(() => new Ring([{ name: 'a', zone: 'x' }], { assignment })).toThrow(/member.zone must/)
    expect(() => new Ring([{ name: 'a', weight: 1, zone: '' }], { assignment })).not.toThrow()
  },
)

describe('what cannot be meant is refused by name:', () => {
  const create =
    (...args: unknown[]) =>
    () =>
      Reflect.construct(Ring, args) as Ring

  test.each<[args: unknown[], option: string]>([
    [[], 'members'],
    [[''], 'members'],
    [[null], 'members'],
    [[{ name: 'a' }], 'members'],
    [[[null]], 'member'],
    [[['a']], 'member'],
    [[[{}]], 'member.name'],
    [[[], null], 'options'],
    [[[], 5], 'options'],
    [[[], 'x'], 'options'],
    [[[], []], 'options'],
    [[[], new Map()], 'options'],
    [[[], { partitons: 12 }], 'partitons'],
  ])('%o', (args, option) => {
    expect(create(...args)).toThrow(
      expect.objectContaining({ option, code: 'LIBRING_OPTION_INVALID' }),
    )
  })

  test.each([5, null, undefined, [1], {}])('%o as a key, with members and without', (key) => {
    for (const ring of [new Ring([]), new Ring(nodes(3))]) {
      for (const lookup of ['ownerForKey', 'holdersForKey', 'membersForKey'] as const) {
        expect(() => ring[lookup](key as string)).toThrow(
          expect.objectContaining({ option: 'key', code: 'LIBRING_OPTION_INVALID' }),
        )
      }
    }
  })
})
