import { expect, test } from 'vitest'
import { RoutedWorld } from '../support/routed-world.ts'

// Goal: while all members drain and come back one by one, every request is served, though members
// see different rings for seconds, and name each other meanwhile.
// Method: five members, each stopped now and then for up to two seconds, as on a machine that has
// too much to do; a request every 10 ms, which may wait for longer than all of that can last.

const LIMITS = { maxHops: 3, acquireWaitMs: 20_000, hiccupMs: 2_000 }

/** In each of these some request was once sent away by all that it might be sent to. */
const ONCE_FAILED = [1, 13]

test('while all members drain and come back, no request fails', async () => {
  const longest: number[] = []
  for (const seed of ONCE_FAILED) {
    const stage = new RoutedWorld({ seed, ...LIMITS })
    await stage.world.run(15_000)
    await stage.serve(() => stage.restartAll())
    expect(stage.troubles, `seed ${seed}`).toEqual([])
    expect(stage.failures, `seed ${seed}`).toEqual([])
    expect(stage.journeys.length).toBeGreaterThan(1_000)
    longest.push(Math.max(...stage.journeys.map(({ way }) => way.length)))
  }
  // One of them at least takes the longest way that is allowed.
  expect(Math.max(...longest)).toBe(LIMITS.maxHops)
})
