import fc from 'fast-check'
import { expect, test } from 'vitest'
import { matchByRank } from '../../../../packages/libring/src/ring/balanced/matching.ts'
import { matchingParts, rowsOf, type MatchingShape } from '../../../support/ring-matching.ts'

/** The same by definition: all that anybody could ask, in order, one after the other. */
function matchNaively(shape: MatchingShape): number[][] {
  const { clock } = matchingParts(shape)
  const requests = shape.weights.flatMap((_, member) =>
    Array.from({ length: shape.partitions }, (_, partition) => {
      return { member, partition, tick: clock.tickAt(member, partition) }
    }),
  )
  requests.sort((left, right) => left.tick - right.tick || left.member - right.member)
  const rows: number[][] = Array.from({ length: shape.partitions }, () => [])
  const loads = shape.weights.map(() => 0)
  const isOut = shape.weights.map(() => false)
  let permits = shape.permits ?? 0
  for (const { member, partition } of requests) {
    const over = loads[member]! - shape.capacities[member]!
    if (over > 0 || (over === 0 && (permits === 0 || loads[member] === shape.partitions))) {
      isOut[member] = true
    }
    if (isOut[member] || rows[partition]!.length === shape.width) continue
    if (over === 0) permits--
    rows[partition]!.push(member)
    loads[member]!++
  }
  return rows
}

const shapes = (weight: fc.Arbitrary<number>): fc.Arbitrary<MatchingShape> =>
  fc
    .record({
      // Above 64 unequal members first come off a heap.
      partitions: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 65, max: 130 })),
      members: fc.array(fc.tuple(weight, fc.integer({ min: 0, max: 90 })), {
        minLength: 1,
        maxLength: 9,
      }),
      width: fc.integer({ min: 1, max: 4 }),
      permits: fc.integer({ min: 0, max: 9 }),
    })
    .map(({ partitions, members, width, permits }) => ({
      partitions,
      width: Math.min(width, members.length),
      weights: members.map(([weight]) => weight),
      capacities: members.map(([, capacity]) => Math.min(capacity, partitions)),
      permits,
    }))

test.each([
  ['equal weights', fc.constant(3)],
  ['any weights', fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 65_535 }))],
])('with %s, who asked first has it', (_what, weight) => {
  fc.assert(
    fc.property(shapes(weight), (shape) => {
      const { placement, clock, capacity } = matchingParts(shape)
      matchByRank(placement, clock, capacity, undefined)
      expect(rowsOf(placement)).toEqual(matchNaively(shape))
    }),
    { seed: 3, numRuns: 300 },
  )
})

/** What everybody got, as ticks: of each partition and of each member, earliest first. */
function ticksOf(shape: MatchingShape) {
  const { placement, clock, capacity } = matchingParts(shape)
  matchByRank(placement, clock, capacity, undefined)
  const ofPartition = rowsOf(placement).map((row, p) => row.map((i) => clock.tickAt(i, p)))
  const ofMember = shape.weights.map((_, member) =>
    rowsOf(placement)
      .flatMap((row, p) => (row.includes(member) ? [clock.tickAt(member, p)] : []))
      .sort((left, right) => left - right),
  )
  return { ofPartition, ofMember }
}

test('while capacities stay, a leave hurts no survivor and helps no partition', () => {
  fc.assert(
    fc.property(shapes(fc.integer({ min: 1, max: 5 })), fc.nat(), (shape, pick) => {
      const gone = pick % shape.weights.length
      const fixed = { ...shape, permits: 0 }
      const before = ticksOf(fixed)
      const after = ticksOf({
        ...fixed,
        capacities: shape.capacities.map((capacity, i) => (i === gone ? 0 : capacity)),
      })
      for (const [member, ticks] of before.ofMember.entries()) {
        if (member === gone) continue
        for (const [at, tick] of ticks.entries()) {
          expect(after.ofMember[member]![at]).toBeLessThanOrEqual(tick)
        }
      }
      for (const [p, ticks] of after.ofPartition.entries()) {
        for (const [at, tick] of ticks.entries()) {
          expect(tick).toBeGreaterThanOrEqual(before.ofPartition[p]![at]!)
        }
      }
    }),
    { seed: 4, numRuns: 300 },
  )
})
