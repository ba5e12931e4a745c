import { expect, test } from 'vitest'
import { Capacity } from '../../../../packages/libring/src/ring/balanced/capacity.ts'
import { matchByRank } from '../../../../packages/libring/src/ring/balanced/matching.ts'
import { choosePrimaries } from '../../../../packages/libring/src/ring/balanced/primaries.ts'
import { matchingParts, rowsOf } from '../../../support/ring-matching.ts'

const members = 6
const partitions = 60
const width = 3

function matched() {
  const ones = Array.from({ length: members }, () => 1)
  const capacities = ones.map(() => (partitions * width) / members)
  const parts = matchingParts({ partitions, width, weights: ones, capacities, permits: members })
  matchByRank(parts.placement, parts.clock, parts.capacity, undefined)
  return parts
}

function choose(capacities: number[], permits = 0) {
  const { placement, clock, capacity } = matched()
  const before = rowsOf(placement)
  const primaries = new Capacity(
    Uint32Array.from(capacities),
    capacity.loads,
    new Uint16Array(members),
    Uint32Array.of(permits),
  )
  choosePrimaries(placement, clock, primaries)
  return { before, after: rowsOf(placement), primaries }
}

test('with room for all, whoever asked first is primary', () => {
  const { before, after } = choose(Array.from({ length: members }, () => partitions))
  expect(after).toEqual(before)
})

test('nobody is primary of more than it has room for, and the others keep their order', () => {
  const { before, after, primaries } = choose(Array.from({ length: members }, () => 10))
  expect([...primaries.loads]).toEqual(Array.from({ length: members }, () => 10))
  expect(primaries.forced).toBe(0)
  for (const [p, [primary, ...others]] of after.entries()) {
    expect(others).toEqual(before[p]!.filter((member) => member !== primary))
  }
  const counts = primaries.loads.map((_, i) => after.filter(([primary]) => primary === i).length)
  expect(counts).toEqual(primaries.loads)
})

test('exchanges find room that is two steps away', () => {
  // Member 0 alone has room for what the others lack, and holds only some of it.
  const { before, after, primaries } = choose([25, 7, 7, 7, 7, 7])
  const held = before.filter((row) => row.includes(0)).length
  expect(held).toBeGreaterThanOrEqual(25)
  expect(primaries.forced).toBe(0)
  expect(after.filter(([primary]) => primary === 0)).toHaveLength(25)
})

test('where there is no room at all, the first holder is forced', () => {
  const { before, after, primaries } = choose([0, 0, 0, 0, 0, 0])
  expect(after).toEqual(before)
  expect(primaries.forced).toBe(partitions)
})
