import { expect, test } from 'vitest'
import { Throttle } from '../../../packages/libring/src/gossip/throttle.ts'

test('each thing is told once in a while, whatever is told of others', () => {
  const throttle = new Throttle(1_000, 64)
  const told = [
    throttle.admit('ann', 0),
    throttle.admit('bob', 10),
    throttle.admit('ann', 999),
    throttle.admit('ann', 1_000),
    throttle.admit('ann', 1_001),
    throttle.admit('bob', 1_010),
  ]
  expect(told).toEqual([true, true, false, true, false, true])
})

test('of all things together so many are told at once, and as many in that time', () => {
  const throttle = new Throttle(1_000, 10)
  const told = (nowMs: number) => {
    return Array.from({ length: 50 }, (_, i) => throttle.admit(`member-${i}`, nowMs)).filter(
      Boolean,
    )
  }
  expect(told(0)).toHaveLength(10)
  expect(told(500)).toHaveLength(5)
  expect(throttle.admit('member-49', 999)).toBe(true)
  expect(throttle.admit('member-49', 1_900)).toBe(false)
})

test('however many things there are, it remembers no more than it has room for', () => {
  const throttle = new Throttle(1_000, 1_000)
  for (let i = 0; i < 1_000; i++) expect(throttle.admit(`member-${i}`, 0)).toBe(true)
  expect(throttle.admit('member-999', 1)).toBe(false)
  expect(throttle.admit('member-0', 1)).toBe(true)
})
