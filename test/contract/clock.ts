import { describe, expect, test } from 'vitest'
import type { Clock } from '../../packages/libring/src/ports/clock.ts'

/** A clock to try, and how to let time pass on it. */
export interface ClockCase {
  readonly clock: Clock
  /** Resolves once `durationMs` or more have passed on `clock`. */
  pass(durationMs: number): Promise<void>
}

/** What every clock promises. Run it for the real one and for the simulated one alike. */
export function clockContract(name: string, create: () => ClockCase): void {
  /** Lets time pass until `calls` is as expected: a busy machine may be late with any of them. */
  async function eventually(time: ClockCase, calls: unknown[], expected: unknown[]): Promise<void> {
    await expect
      .poll(async () => {
        await time.pass(5)
        return calls
      })
      .toEqual(expected)
  }

  describe(`${name} keeps the clock contract`, () => {
    test('calls back once, at or after the time asked for', async () => {
      const time = create()
      const startMs = time.clock.nowMs()
      const early: boolean[] = []
      time.clock.at(startMs + 20.5, () => early.push(time.clock.nowMs() < startMs + 20.5))
      await eventually(time, early, [false])
      await time.pass(40)
      expect(early).toEqual([false])
    })

    test('calls back in order of time, not of asking', async () => {
      const time = create()
      const atMs = time.clock.nowMs() + 20
      const calls: string[] = []
      time.clock.at(atMs + 20, () => calls.push('later'))
      time.clock.at(atMs, () => calls.push('first'))
      await eventually(time, calls, ['first', 'later'])
    })

    test('a time that is past comes soon, but never within the call', async () => {
      const time = create()
      const calls: string[] = []
      time.clock.at(time.clock.nowMs() - 1_000, () => calls.push('called'))
      expect(calls).toEqual([])
      await eventually(time, calls, ['called'])
    })

    test('what is called off does not come', async () => {
      const { clock, pass } = create()
      const calls: string[] = []
      const timer = clock.at(clock.nowMs() + 10, () => calls.push('called'))
      timer.cancel()
      timer.cancel()
      await pass(40)
      expect(calls).toEqual([])
    })

    test('calling off what has come does nothing', async () => {
      const time = create()
      const calls: string[] = []
      const timer = time.clock.at(time.clock.nowMs() + 5, () => calls.push('called'))
      await eventually(time, calls, ['called'])
      timer.cancel()
      time.clock.at(time.clock.nowMs() + 5, () => calls.push('another'))
      await eventually(time, calls, ['called', 'another'])
    })

    test('a callback may ask for the next one, and call another off', async () => {
      const time = create()
      const { clock } = time
      const calls: string[] = []
      const atMs = clock.nowMs() + 10
      clock.at(atMs, () => {
        calls.push('first')
        doomed.cancel()
        clock.at(clock.nowMs(), () => calls.push('next'))
      })
      const doomed = clock.at(atMs + 30, () => calls.push('doomed'))
      await eventually(time, calls, ['first', 'next'])
      await time.pass(60)
      expect(calls).toEqual(['first', 'next'])
    })

    test('a time beyond the reach of a timer is waited for, not called at once', async () => {
      const { clock, pass } = create()
      const calls: string[] = []
      const timer = clock.at(clock.nowMs() + 2 ** 40, () => calls.push('called'))
      await pass(30)
      timer.cancel()
      expect(calls).toEqual([])
    })

    test('never goes back, and tells the time of day', async () => {
      const { clock, pass } = create()
      const startMs = clock.nowMs()
      await pass(50)
      expect(clock.nowMs() - startMs).toBeGreaterThanOrEqual(50)
      expect(new Date(clock.wallMs()).getUTCFullYear()).toBeGreaterThanOrEqual(2025)
    })
  })
}
