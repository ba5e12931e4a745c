import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { homesAndActing } from '../../packages/libring/src/ownership/acting.ts'
import type { ClusterMember } from '../../packages/libring/src/ownership/cluster-member.ts'
import { NO_ROLE, rolesOf } from '../../packages/libring/src/ownership/role.ts'
import { resolveRingOptions } from '../../packages/libring/src/ring/options.ts'
import { Ring } from '../../packages/libring/src/ring/ring.ts'
import { aClusterMember } from '../support/ownership.ts'

const assignment = fc.constantFrom('balanced' as const, 'rendezvous' as const)

const scene = fc
  .record({
    assignment,
    redundancy: fc.integer({ min: 1, max: 4 }),
    members: fc.array(
      fc.record({
        weight: fc.constantFrom(1, 1, 3),
        zone: fc.constantFrom('', 'a', 'b'),
        isAway: fc.boolean(),
      }),
      { minLength: 1, maxLength: 9 },
    ),
  })
  .map(({ members, ...rules }) => {
    const everybody = members.map(({ weight, zone }, i) =>
      aClusterMember(`n${i}`, { weight, zone }),
    )
    return {
      options: resolveRingOptions({ partitions: 32, ...rules }),
      everybody,
      away: everybody.filter((_, i) => members[i]!.isAway),
      present: everybody.filter((_, i) => !members[i]!.isAway),
    }
  })

const names = (members: readonly { readonly name: string }[]): string[] => {
  return members.map(({ name }) => name)
}

/** What a row is by the words of the design, from the lists of the whole ring. */
function expectedRow(whole: Ring, partition: number, present: readonly string[]): string[] {
  const homes = names(whole.holdersForPartition(partition))
  const first = names(whole.membersForPartition(partition)).find((name) => present.includes(name))
  return homes.map((home, replica) => {
    if (replica === 0) return first ?? 'nobody'
    return present.includes(home) && home !== first ? home : 'nobody'
  })
}

/** Roles of everybody who is there, by name. */
function rolesIn(ring: Ring<ClusterMember>): ReadonlyMap<string, readonly number[]> {
  const partitions = Array.from({ length: ring.assignment.partitions }, (_, partition) => partition)
  const rolesFor = (name: string): readonly number[] => {
    const roles = rolesOf(name, ring)
    return partitions.map((partition) => roles.get(partition) ?? NO_ROLE)
  }
  return new Map(names(ring.members).map((name) => [name, rolesFor(name)]))
}

describe('while members are away', () => {
  test('index 0 goes to the first that is there, and all others keep theirs', () => {
    fc.assert(
      fc.property(scene, ({ options, everybody, away, present }) => {
        const whole = new Ring(everybody, options)
        const { homes, acting } = homesAndActing(present, away, options)
        for (let partition = 0; partition < options.partitions; partition++) {
          const row = names(homes.holdersForPartition(partition)).map((_, replica) => {
            return acting.holderAt(partition, replica)?.name ?? 'nobody'
          })
          expect(row).toEqual(expectedRow(whole, partition, names(present)))
          expect(names(homes.holdersForPartition(partition))).toEqual(
            names(whole.holdersForPartition(partition)),
          )
        }
      }),
      { seed: 21, numRuns: 300 },
    )
  })

  test('lists show those that are there, and lookups agree with the roles', () => {
    fc.assert(
      fc.property(scene, ({ options, everybody, away, present }) => {
        const whole = new Ring(everybody, options)
        const { acting } = homesAndActing(present, away, options)
        const roles = rolesIn(acting)
        for (let partition = 0; partition < options.partitions; partition++) {
          const preference = names(whole.membersForPartition(partition))
          const shown = preference.filter((name) => names(present).includes(name))
          expect(names(acting.membersForPartition(partition))).toEqual(shown)
          const holders = names(acting.holdersForPartition(partition))
          expect(holders).toEqual(shown.slice(0, holders.length))
          const byRole = names(present)
            .filter((name) => roles.get(name)![partition] !== NO_ROLE)
            .sort((left, right) => roles.get(left)![partition]! - roles.get(right)![partition]!)
          expect(holders).toEqual(byRole)
        }
        for (const key of ['a', 'b', 'c']) {
          const partition = acting.partitionForKey(key)
          expect(acting.ownerForKey(key)).toBe(acting.holderAt(partition, 0))
          expect(acting.holdersForKey(key)).toBe(acting.holdersForPartition(partition))
        }
      }),
      { seed: 22, numRuns: 300 },
    )
  })

  test('nobody takes what it did not have, as long as one home of it is there', () => {
    fc.assert(
      fc.property(scene, ({ options, everybody, away, present }) => {
        const before = rolesIn(new Ring(everybody, options))
        const { homes, acting } = homesAndActing(present, away, options)
        for (const [name, roles] of rolesIn(acting)) {
          for (const [partition, role] of roles.entries()) {
            const home = before.get(name)![partition]!
            if (role === home || (role === 0 && home > 0)) continue
            expect([role, home]).toEqual([0, NO_ROLE])
            const others = names(homes.holdersForPartition(partition))
            expect(others.filter((other) => names(present).includes(other))).toEqual([])
          }
        }
      }),
      { seed: 23, numRuns: 300 },
    )
  })
})

describe('a rolling restart', () => {
  test.each([2, 3])('makes nobody who stays take anything new, redundancy %i', (redundancy) => {
    const everybody = Array.from({ length: 10 }, (_, i) => aClusterMember(`n${i}`))
    const options = resolveRingOptions({ partitions: 512, redundancy })
    const before = rolesIn(homesAndActing(everybody, [], options).acting)
    for (const gone of everybody) {
      const rest = everybody.filter((member) => member !== gone)
      const meanwhile = rolesIn(homesAndActing(rest, [gone], options).acting)
      for (const [name, roles] of meanwhile) {
        const taken = roles.filter((role, p) => role >= 0 && before.get(name)![p] === NO_ROLE)
        expect([name, taken]).toEqual([name, []])
      }
    }
  })
})
