import { expect, test } from 'vitest'
import { Alarms } from '../../../packages/libring/src/cluster/alarms.ts'
import { SimClock } from '../../../packages/libring/src/sim/clock.ts'

test('rings for each number at its time, whichever was set first', () => {
  const clock = new SimClock()
  const rung: [key: number, atMs: number][] = []
  const alarms = new Alarms(clock, (key) => rung.push([key, clock.nowMs()]))
  alarms.set(1, 300)
  alarms.set(2, 100)
  alarms.set(3, 200)
  alarms.set(3, 400)
  alarms.clear(1)
  expect([alarms.has(1), alarms.has(2), clock.pending]).toEqual([false, true, 1])
  clock.runUntil(1_000)
  expect([rung, clock.pending]).toEqual([
    [
      [2, 100],
      [3, 400],
    ],
    0,
  ])
})

test('takes alarms that are set while it rings', () => {
  const clock = new SimClock()
  const rung: [key: number, atMs: number][] = []
  const alarms = new Alarms(clock, (key) => {
    rung.push([key, clock.nowMs()])
    if (key === 1) alarms.set(2, clock.nowMs())
    if (key === 2) alarms.set(3, clock.nowMs() + 50)
  })
  alarms.set(1, 100)
  clock.runUntil(1_000)
  expect(rung).toEqual([
    [1, 100],
    [2, 100],
    [3, 150],
  ])
})

test('leaves no timer behind once all is cleared', () => {
  const clock = new SimClock()
  const alarms = new Alarms(clock, () => {})
  alarms.set(1, 100)
  alarms.set(2, 200)
  alarms.clear(1)
  alarms.clearAll()
  expect([alarms.has(2), clock.pending]).toEqual([false, 0])
})
