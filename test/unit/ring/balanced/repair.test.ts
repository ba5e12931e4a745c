import fc from 'fast-check'
import { expect, test } from 'vitest'
import { repair } from '../../../../packages/libring/src/ring/balanced/repair.ts'
import { matchingParts, rowsOf } from '../../../support/ring-matching.ts'

const equal = { partitions: 3, width: 2, weights: [1, 1, 1] }

test('a table that is full is left alone', () => {
  const { placement, clock, capacity } = matchingParts({ ...equal, capacities: [2, 2, 2] })
  for (const [partition, row] of [
    [0, [2, 1]],
    [1, [2, 0]],
    [2, [1, 0]],
  ] as const) {
    for (const member of row) placement.append(partition, member, 0)
  }
  repair(placement, clock, capacity, undefined)
  expect(rowsOf(placement)).toEqual([
    [2, 1],
    [2, 0],
    [1, 0],
  ])
})

test('a member that may take the partition and has room takes it', () => {
  const { placement, clock, capacity } = matchingParts({
    ...equal,
    partitions: 1,
    capacities: [1, 0, 1],
  })
  placement.append(0, 0, clock.tickAt(0, 0))
  capacity.take(0)
  repair(placement, clock, capacity, undefined)
  expect(new Set(rowsOf(placement)[0])).toEqual(new Set([0, 2]))
  expect([...capacity.loads]).toEqual([1, 0, 1])
})

test('a holder with room already hands on what it has by way of one without', () => {
  // Partition 0 lacks a holder. Only 0 has room, and holds it already: so 1 or 2 takes it, and
  // gives 0 another partition in its place.
  const { placement, clock, capacity } = matchingParts({ ...equal, capacities: [2, 2, 2] })
  for (const [partition, member] of [
    [0, 0],
    [1, 1],
    [1, 2],
    [2, 1],
    [2, 2],
  ] as const) {
    placement.append(partition, member, clock.tickAt(member, partition))
    capacity.take(member)
  }
  repair(placement, clock, capacity, undefined)
  const rows = rowsOf(placement)
  expect(rows.map((row) => new Set(row).size)).toEqual([2, 2, 2])
  expect([...capacity.loads]).toEqual([2, 2, 2])
  expect(capacity.forced).toBe(0)
})

test('where no exchange helps, the first that may take it is forced', () => {
  const { placement, clock, capacity } = matchingParts({
    ...equal,
    partitions: 1,
    capacities: [1, 0, 0],
  })
  placement.append(0, 0, clock.tickAt(0, 0))
  capacity.take(0)
  repair(placement, clock, capacity, undefined)
  const first = clock.tickAt(1, 0) <= clock.tickAt(2, 0) ? 1 : 2
  expect(rowsOf(placement)[0]).toContain(first)
  expect(capacity.forced).toBe(1)
})

test('whatever is missing, all partitions end up full, in order, and no load above its capacity', () => {
  const members = fc.integer({ min: 2, max: 7 })
  fc.assert(
    fc.property(members, fc.integer({ min: 1, max: 20 }), fc.nat(), (count, partitions, salt) => {
      const width = Math.min(3, count)
      const capacities = Array.from({ length: count }, () =>
        Math.min(partitions, Math.ceil((partitions * width) / count)),
      )
      const shape = { partitions, width, weights: capacities.map(() => 1), capacities }
      const { placement, clock, capacity } = matchingParts(shape)
      // Fill some of it, badly: whoever is next in number and has room.
      for (let p = 0; p < partitions; p++) {
        const member = (p * 7 + salt) % count
        if (!capacity.hasRoom(member)) continue
        capacity.take(member)
        placement.append(p, member, clock.tickAt(member, p))
      }
      repair(placement, clock, capacity, undefined)
      for (const [p, row] of rowsOf(placement).entries()) {
        expect(new Set(row).size).toBe(width)
        const ticks = row.map((member) => clock.tickAt(member, p))
        expect(ticks).toEqual([...ticks].sort((left, right) => left - right))
      }
      expect(capacity.forced).toBe(0)
      for (const [i, load] of capacity.loads.entries()) {
        expect(load).toBeLessThanOrEqual(capacities[i]!)
        expect(load).toBe(rowsOf(placement).filter((row) => row.includes(i)).length)
      }
    }),
    { seed: 5, numRuns: 200 },
  )
})
