import type { Clock } from '../../packages/libring/src/ports/clock.ts'
import { SystemClock } from '../../packages/libring/src/runtime/system-clock.ts'
import { SimClock } from '../../packages/libring/src/sim/clock.ts'
import { SimProcess } from '../../packages/libring/src/sim/process.ts'
import { clockContract, type ClockCase } from './clock.ts'

clockContract('the clock of the machine', () => {
  const clock = new SystemClock()
  return {
    clock,
    // The real clock against itself: several turns of the event loop beyond the time.
    pass: (durationMs) => new Promise((resolve) => clock.at(clock.nowMs() + durationMs, resolve)),
  }
})

/** Time that passes when it is told to. */
function virtualTime(create: (world: SimClock) => Clock): ClockCase {
  const world = new SimClock()
  return {
    clock: create(world),
    pass(durationMs) {
      world.runUntil(world.nowMs() + durationMs)
      return Promise.resolve()
    },
  }
}

clockContract('virtual time', () => virtualTime((world) => world))

clockContract('the clock of a simulated process', () =>
  virtualTime((world) => new SimProcess(world)),
)
