import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../../packages/libring/src/base/random.ts'
import {
  attracted,
  COMPONENT_MAX,
  distanceNanos,
  gravitated,
  HEIGHT_MIN,
  isPlausible,
  ORIGIN,
  rawDistance,
} from '../../../packages/libring/src/serf/coordinate.ts'
import { coordinate, coordinateOf, vivaldi } from '../../support/coordinates.ts'

describe('distances that Serf computes', () => {
  test.each(vivaldi.distances)('$ns ns', ({ a, b, ns }) => {
    expect(distanceNanos(coordinateOf(a), coordinateOf(b))).toBe(ns)
    expect(distanceNanos(coordinateOf(b), coordinateOf(a))).toBe(ns)
  })
})

test('adjustments that would make a distance less than nothing do not count', () => {
  const near = coordinate({ vec: ORIGIN.vec, height: 0.001, adjustment: -1 })
  expect(distanceNanos(near, near)).toBe(2_000_000)
})

test('whoever stands where we stand is left in some direction, of which the seed decides', () => {
  const moves = [1, 1, 2].map((seed) => attracted(ORIGIN, ORIGIN, 0.1, seededRandom(seed)))
  expect(moves[0]).toEqual(moves[1])
  expect(moves[0]).not.toEqual(moves[2])
  // Half of the quarter that one measurement may move us: the other is as unsure as we are.
  const force = 0.25 * 0.5 * (0.1 - 2 * HEIGHT_MIN)
  for (const { vec, height } of moves) {
    expect(Math.hypot(...vec)).toBeCloseTo(force, 12)
    expect(height).toBe(HEIGHT_MIN)
  }
})

test('with nothing random to be had the first axis is taken', () => {
  const middle = { uint32: () => 0x8000_0000 }
  expect(attracted(ORIGIN, ORIGIN, 0.1, middle).vec.slice(1)).toEqual(ORIGIN.vec.slice(1))
  expect(attracted(ORIGIN, ORIGIN, 0.1, middle).vec[0]).toBeGreaterThan(0)
})

test('gravity draws towards the origin, the stronger the farther', () => {
  const random = seededRandom(1)
  const pulls = [15, 150].map((far) => {
    const from = coordinate({ vec: [far, 0, 0, 0, 0, 0, 0, 0], height: HEIGHT_MIN, adjustment: 0 })
    return far - gravitated(from, random).vec[0]!
  })
  expect(pulls[0]).toBeCloseTo(0.01, 6)
  expect(pulls[1]).toBeCloseTo(1, 6)
})

test('the height never falls below its least', () => {
  const own = coordinate({ height: 0.01 })
  const other = coordinate({ vec: [0.051, 0.01, -0.02, 0, 0, 0.003, 0, 0], height: 0.5 })
  expect(rawDistance(own, other)).toBeGreaterThan(0.5)
  expect(attracted(own, other, 0.001, seededRandom(1)).height).toBe(HEIGHT_MIN)
})

describe('not plausible', () => {
  const withFirst = (value: number) => coordinate({ vec: [value, 0, 0, 0, 0, 0, 0, 0] })
  test.each([
    ['another dimension', coordinate({ vec: [0, 0, 0] })],
    ['no dimension', coordinate({ vec: [] })],
    ['NaN in the vector', withFirst(Number.NaN)],
    ['infinity in the vector', withFirst(Number.NEGATIVE_INFINITY)],
    ['what throws us about', withFirst(-COMPONENT_MAX - 1)],
    ['NaN as error', coordinate({ error: Number.NaN })],
    ['an error below 0', coordinate({ error: -1.5 })],
    ['an infinite adjustment', coordinate({ adjustment: Number.POSITIVE_INFINITY })],
    ['NaN as height', coordinate({ height: Number.NaN })],
    ['a height below 0', coordinate({ height: -1 })],
  ])('%s', (_what, forged) => {
    expect(isPlausible(forged)).toBe(false)
  })

  test('but all that the vectors hold is', () => {
    for (const { a, b } of vivaldi.distances) {
      expect(isPlausible(coordinateOf(a))).toBe(true)
      expect(isPlausible(coordinateOf(b))).toBe(true)
    }
    expect(isPlausible(withFirst(COMPONENT_MAX))).toBe(true)
    expect(isPlausible(ORIGIN)).toBe(true)
  })
})
