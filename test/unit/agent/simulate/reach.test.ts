import { expect, test } from 'vitest'
import { median, reachOf } from '../../../../packages/agent/src/simulate/reach.ts'
import { ringMoves } from '../../../../packages/agent/src/simulate/ring-moves.ts'
import { spansFor } from '../../../../packages/agent/src/simulate/spans.ts'

test('so many are reached once that part of them is, rounded up', () => {
  const timesMs = Array.from({ length: 200 }, (_, index) => index + 1)
  expect(reachOf(timesMs, 200, 999)).toEqual({ halfMs: 100, mostMs: 198, allMs: 200, limitMs: 999 })
  expect(reachOf([7], 1, 10)).toEqual({ halfMs: 7, mostMs: 7, allMs: 7, limitMs: 10 })
})

test('what was not reached in time has no time', () => {
  expect(reachOf([5, 6], 3, 10)).toEqual({ halfMs: 6, mostMs: null, allMs: null, limitMs: 10 })
})

test('the median is the middle one, or the lower of the middle two', () => {
  expect(median([9, 1, 5])).toBe(5)
  expect(median([4, 1, 2, 3])).toBe(2)
})

test('never are more than a quarter of the members taken away, but one always is', () => {
  expect(spansFor(2).crashes).toBe(1)
  expect(spansFor(12).crashes).toBe(3)
  expect(spansFor(60).crashes).toBe(5)
  expect(spansFor(1_000)).toMatchObject({ crashes: 1, forming: false, restMs: 10_000 })
})

test('a ring moves at least the fair share of a newcomer, and no more than what a leaver held', () => {
  const { copies, join, leave } = ringMoves(10, { partitions: 100, redundancy: 2 })
  expect(copies).toBe(200)
  expect(join.copies).toBeGreaterThanOrEqual(16)
  expect(join.copiesMax).toBeLessThan(60)
  expect(leave.copies).toBeGreaterThanOrEqual(18)
  expect(leave.primaries).toBeGreaterThanOrEqual(8)
  expect(leave.copiesMax).toBeLessThan(60)
})

test('a ring has no more copies than members to hold them', () => {
  expect(ringMoves(2, { partitions: 8, redundancy: 3 }).copies).toBe(16)
})
