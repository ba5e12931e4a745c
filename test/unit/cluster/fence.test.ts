import { beforeEach, describe, expect, test } from 'vitest'
import { Fence, stalledMs, stallLimitMs } from '../../../packages/libring/src/cluster/fence.ts'
import { StallingClock } from '../../support/stalling-clock.ts'

let clock: StallingClock
let limitMs: number
let stalls: number[]
let fence: Fence

beforeEach(() => {
  clock = new StallingClock()
  limitMs = 4_000
  stalls = []
  fence = new Fence({ clock, limitMs: () => limitMs, onStall: (ms) => stalls.push(ms) })
  fence.start()
})

test('of two clocks the one that shows more is believed', () => {
  const before = { nowMs: 100, wallMs: 5_000 }
  expect(stalledMs(before, { nowMs: 7_100, wallMs: 12_000 })).toBe(7_000)
  expect(stalledMs(before, { nowMs: 101, wallMs: 65_000 })).toBe(60_000)
  expect(stalledMs(before, { nowMs: 7_100, wallMs: 0 })).toBe(7_000)
})

test('the limit is the shorter of two patiences, less a margin; none where nobody is declared dead', () => {
  expect(stallLimitMs(5_000, 15_000)).toBe(4_375)
  expect(stallLimitMs(35_000, 15_000)).toBe(13_125)
  expect(stallLimitMs(Infinity, 15_000)).toBe(Infinity)
})

describe('a process that runs', () => {
  test('has not stalled, for however long it does', () => {
    for (let i = 0; i < 1_000; i++) {
      clock.pass(123)
      fence.check()
      expect(fence.hasStalled).toBe(false)
    }
    expect(stalls).toEqual([])
  })

  test('has not when its wall clock is set back, or runs a little fast', () => {
    clock.stall({ nowMs: 0, wallMs: -3_600_000 })
    clock.pass(10_000)
    for (let i = 0; i < 100; i++) {
      clock.stall({ nowMs: 0, wallMs: 50 })
      clock.pass(500)
    }
    fence.check()
    expect(stalls).toEqual([])
  })

  test('has not when it was stopped for less than the limit', () => {
    clock.pass(10_000)
    clock.stall({ nowMs: 3_400, wallMs: 3_400 })
    expect(fence.hasStalled).toBe(false)
    clock.pass(10_000)
    expect(stalls).toEqual([])
  })
})

describe('a process that was stopped for longer than the limit', () => {
  test('has stalled at once, before any timer, and is told so once', () => {
    clock.pass(10_000)
    clock.stall({ nowMs: 60_000, wallMs: 60_000 })
    expect(fence.hasStalled).toBe(true)
    expect(stalls).toEqual([])
    fence.check()
    expect(stalls).toHaveLength(1)
    expect(stalls[0]).toBeGreaterThanOrEqual(60_000)
    expect(stalls[0]).toBeLessThanOrEqual(60_000 + limitMs / 8)
    expect(fence.hasStalled).toBe(false)
    clock.pass(10_000)
    expect(stalls).toHaveLength(1)
    clock.stall({ nowMs: 60_000, wallMs: 60_000 })
    clock.pass(1_000)
    expect(stalls).toHaveLength(2)
  })

  test('is told before any timer of its clock, and by its own if nothing else happens', () => {
    const order: string[] = []
    const told = new Fence({ clock, limitMs: () => limitMs, onStall: () => order.push('stall') })
    told.start()
    told.clock.at(20_000, () => order.push('timer'))
    clock.stall({ nowMs: 60_000, wallMs: 60_000 })
    told.clock.at(20_000, () => order.push('late timer'))
    clock.pass(10)
    expect(order).toEqual(['stall', 'late timer'])
    clock.pass(20_000)
    expect(order).toEqual(['stall', 'late timer', 'timer'])
  })

  test('has stalled when its machine was suspended, which the wall clock alone tells', () => {
    clock.pass(10_000)
    clock.stall({ nowMs: 0, wallMs: 60_000 })
    expect(fence.hasStalled).toBe(true)
    fence.check()
    expect(stalls).toHaveLength(1)
  })

  test('has stalled for good, though the wall clock is set back before anybody is told', () => {
    clock.stall({ nowMs: 0, wallMs: 60_000 })
    expect(fence.hasStalled).toBe(true)
    clock.stall({ nowMs: 0, wallMs: -60_000 })
    expect(fence.hasStalled).toBe(true)
    clock.pass(1_000)
    expect(stalls).toEqual([60_000])
  })

  test('has stalled, however often it asked meanwhile without letting anything else happen', () => {
    const seen = []
    for (let i = 0; i < 10; i++) {
      clock.stall({ nowMs: 500, wallMs: 500 })
      fence.check()
      seen.push(fence.hasStalled || stalls.length > 0)
    }
    expect(seen).toEqual([false, false, false, false, false, false, false, false, true, true])
  })

  test('is judged by the limit as it was when it stopped', () => {
    clock.pass(10_000)
    clock.stall({ nowMs: 6_000, wallMs: 6_000 })
    limitMs = 9_000
    expect(fence.hasStalled).toBe(true)
  })
})

test('one that is not watched has not stalled, and leaves no timer', () => {
  expect(clock.pending).toBe(1)
  fence.stop()
  expect(clock.pending).toBe(0)
  clock.stall({ nowMs: 60_000, wallMs: 60_000 })
  expect(fence.hasStalled).toBe(false)
  fence.start()
  clock.pass(60_000)
  expect(stalls).toEqual([])
})

test('where nobody is ever declared dead there is no stall and no timer', () => {
  const free = new Fence({ clock, limitMs: () => Infinity, onStall: (ms) => stalls.push(ms) })
  fence.stop()
  free.start()
  expect(clock.pending).toBe(0)
  clock.stall({ nowMs: 60_000, wallMs: 60_000 })
  expect(free.hasStalled).toBe(false)
})
