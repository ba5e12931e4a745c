import { expect, test } from 'vitest'
import { below, seededRandom } from '../../packages/libring/src/base/random.ts'
import { SimClock } from '../../packages/libring/src/sim/clock.ts'

test('what is due at one time comes in the order in which it was asked for', () => {
  const clock = new SimClock()
  const calls: number[] = []
  for (let i = 0; i < 100; i++) clock.at(50, () => calls.push(i))
  clock.runUntil(50)
  expect(calls).toEqual(Array.from({ length: 100 }, (_, i) => i))
})

test('time stands where it was told to stop, and jumps to each entry on the way', () => {
  const clock = new SimClock()
  const times: number[] = []
  for (const atMs of [30, 10, 20]) clock.at(atMs, () => times.push(clock.nowMs()))
  clock.runUntil(25)
  expect([times, clock.nowMs()]).toEqual([[10, 20], 25])
  clock.runUntil(100)
  expect([times, clock.nowMs()]).toEqual([[10, 20, 30], 100])
})

test('thousands of entries, half of them called off, come in order of time', () => {
  const clock = new SimClock()
  const random = seededRandom(7)
  const expected: number[] = []
  const calls: number[] = []
  for (let i = 0; i < 10_000; i++) {
    const atMs = below(random, 1_000)
    const timer = clock.at(atMs, () => calls.push(atMs))
    if (below(random, 2) === 0) timer.cancel()
    else expected.push(atMs)
  }
  expect(clock.pending).toBe(expected.length)
  clock.runUntil(1_000)
  expect(calls).toEqual(expected.sort((left, right) => left - right))
  expect(clock.pending).toBe(0)
})
