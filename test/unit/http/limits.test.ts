import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { LoopDelay } from '../../../packages/libring/src/http/limits.ts'

let nowMs = 0

beforeEach(() => {
  nowMs = 0
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
})

afterEach(() => {
  vi.useRealTimers()
})

/** The timer of half a second fires this much late, one time after the other. */
function run(lateMs: readonly number[]): void {
  for (const late of lateMs) {
    nowMs += 500 + late
    vi.advanceTimersByTime(500)
  }
}

describe('the delay of the event loop is too long', () => {
  test('once it was beyond the bound four times in a row, and until it is not', () => {
    const delay = new LoopDelay(1_000, () => nowMs)
    run([1_001, 1_001, 1_001])
    expect(delay.isTooLong).toBe(false)
    run([1_001])
    expect(delay.isTooLong).toBe(true)
    run([1_000])
    expect(delay.isTooLong).toBe(false)
    delay.stop()
  })

  test('not for a burst, however long one turn takes', () => {
    const delay = new LoopDelay(1_000, () => nowMs)
    run([0, 60_000, 2_000, 1_500, 0, 5_000, 5_000, 5_000, 10])
    expect(delay.isTooLong).toBe(false)
    delay.stop()
  })

  test('never without a bound, nor once nobody looks', () => {
    const unbounded = new LoopDelay(0, () => nowMs)
    const delay = new LoopDelay(1_000, () => nowMs)
    run([9_000, 9_000, 9_000, 9_000])
    expect([unbounded.isTooLong, delay.isTooLong]).toEqual([false, true])
    delay.stop()
    expect(delay.isTooLong).toBe(false)
  })
})
