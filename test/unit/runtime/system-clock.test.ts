import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { SystemClock } from '../../../packages/libring/src/runtime/system-clock.ts'

// What the clock contract cannot wait for: waits of weeks, and timers of the system that come early.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] })
})

afterEach(() => {
  vi.useRealTimers()
})

const DAY_MS = 86_400_000

test('a wait longer than a timer of the system can take is cut into several', () => {
  const clock = new SystemClock()
  const calls: number[] = []
  const startMs = clock.nowMs()
  clock.at(startMs + 60 * DAY_MS, () => calls.push(clock.nowMs() - startMs))
  vi.advanceTimersByTime(60 * DAY_MS - 1)
  expect(calls).toEqual([])
  vi.advanceTimersByTime(1)
  expect(calls).toEqual([60 * DAY_MS])
  expect(vi.getTimerCount()).toBe(0)
})

test('a long wait can be called off at any time', () => {
  const clock = new SystemClock()
  const timer = clock.at(clock.nowMs() + 60 * DAY_MS, () => expect.unreachable())
  vi.advanceTimersByTime(30 * DAY_MS)
  timer.cancel()
  expect(vi.getTimerCount()).toBe(0)
})

test('a timer of the system that fires early is set again', () => {
  const clock = new SystemClock()
  const calls: number[] = []
  const atMs = clock.nowMs() + 10
  const lag = vi.spyOn(performance, 'now').mockReturnValue(atMs - 10)
  clock.at(atMs, () => calls.push(atMs))
  lag.mockReturnValue(atMs - 0.5)
  vi.advanceTimersByTime(10)
  expect(calls).toEqual([])
  lag.mockReturnValue(atMs)
  vi.advanceTimersByTime(1)
  expect(calls).toEqual([atMs])
  lag.mockRestore()
})

test('the wall clock is the one of the machine', () => {
  vi.setSystemTime(1_234_567)
  expect(new SystemClock().wallMs()).toBe(1_234_567)
})
