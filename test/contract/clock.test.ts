import { SystemClock } from '../../packages/libring/src/runtime/system-clock.ts'
import { SimClock } from '../../packages/libring/src/sim/clock.ts'
import { clockContract } from './clock.ts'

clockContract('the clock of the machine', () => {
  const clock = new SystemClock()
  return {
    clock,
    // The real clock against itself: several turns of the event loop beyond the time.
    pass: (durationMs) => new Promise((resolve) => clock.at(clock.nowMs() + durationMs, resolve)),
  }
})

clockContract('virtual time', () => {
  const clock = new SimClock()
  return {
    clock,
    pass(durationMs) {
      clock.runUntil(clock.nowMs() + durationMs)
      return Promise.resolve()
    },
  }
})
