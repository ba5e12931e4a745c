import { expect, test } from 'vitest'
import { LamportClock, later, LTIME_LIMIT } from '../../../packages/libring/src/serf/lamport.ts'

test('a clock begins at 1, so that 0 can mean never', () => {
  expect(new LamportClock().time).toBe(1n)
})

test('a stamp is the time as it was, and the clock moves on', () => {
  const clock = new LamportClock()
  expect([clock.stamp(), clock.stamp(), clock.time]).toEqual([1n, 2n, 3n])
})

test('what was seen at or after the present moves the clock beyond it, what was before does not', () => {
  const clock = new LamportClock()
  clock.witness(1n)
  expect(clock.time).toBe(2n)
  clock.witness(40n)
  expect(clock.time).toBe(41n)
  clock.witness(40n)
  expect(clock.time).toBe(41n)
})

test('at the end of time the clock stands still and never wraps', () => {
  const clock = new LamportClock()
  clock.witness(LTIME_LIMIT - 1n)
  expect(clock.time).toBe(LTIME_LIMIT - 1n)
  expect(clock.stamp()).toBe(LTIME_LIMIT - 1n)
  expect(clock.time).toBe(LTIME_LIMIT - 1n)
  expect(later(LTIME_LIMIT - 1n)).toBe(LTIME_LIMIT - 1n)
})
