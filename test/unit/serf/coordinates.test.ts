import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../../packages/libring/src/base/random.ts'
import { ORIGIN } from '../../../packages/libring/src/serf/coordinate.ts'
import { Coordinates, RTT_MAX_MS } from '../../../packages/libring/src/serf/coordinates.ts'
import { coordinate, coordinateOf, vivaldi } from '../../support/coordinates.ts'

/** For where nothing random is to happen. */
const NO_RANDOM = {
  uint32(): number {
    throw new Error('drew a random number')
  },
}

test('every step of the sequence that Serf computes, to the last bit', () => {
  const coordinates = new Coordinates('self', NO_RANDOM, coordinateOf(vivaldi.start))
  expect(vivaldi.steps).toHaveLength(24)
  for (const { node, rttNs, result } of vivaldi.steps) {
    const other = coordinateOf(vivaldi.others[node]!)
    expect(coordinates.observe(node, other, rttNs / 1e6)).toBe(true)
    expect(coordinates.own).toEqual(coordinateOf(result))
  }
  expect(coordinates.resets).toBe(0)
  expect(coordinates.size).toBe(Object.keys(vivaldi.others).length)
})

describe('a measurement that Serf', () => {
  test.each(vivaldi.rejections)('takes or refuses: $name', ({ name, rttNs, error }) => {
    const coordinates = new Coordinates('self', seededRandom(1))
    const other = name === 'wrong dimension' ? coordinate({ vec: [0, 0] }) : coordinate()
    expect(coordinates.observe('a', other, rttNs / 1e6)).toBe(error === '')
    expect(coordinates.size).toBe(error === '' ? 1 : 0)
    if (error !== '') expect(coordinates.own).toEqual(ORIGIN)
  })
})

test('what cannot be true changes nothing', () => {
  const coordinates = new Coordinates('self', seededRandom(1))
  coordinates.observe('a', coordinate(), 20)
  const before = coordinates.own
  expect(coordinates.observe('a', coordinate({ error: Number.NaN }), 20)).toBe(false)
  expect(coordinates.observe('a', coordinate(), Number.NaN)).toBe(false)
  expect(coordinates.observe('a', coordinate(), RTT_MAX_MS + 0.001)).toBe(false)
  expect(coordinates.observe('self', coordinate(), 20)).toBe(false)
  expect(coordinates.own).toBe(before)
  expect(coordinates.of('a')).toEqual(coordinate())
})

test('one slow round trip among fast ones moves nothing', () => {
  const [steady, disturbed] = [20, 5_000].map((thirdMs) => {
    const coordinates = new Coordinates('self', seededRandom(1))
    for (const rttMs of [20, 20, thirdMs]) coordinates.observe('a', coordinate(), rttMs)
    return coordinates.own
  })
  expect(disturbed).toEqual(steady)
})

test('a member that is forgotten is measured anew', () => {
  const [anew, atOnce] = [true, false].map((forgets) => {
    const coordinates = new Coordinates('self', seededRandom(1))
    coordinates.observe('a', coordinate(), 5_000)
    coordinates.observe('a', coordinate(), 5_000)
    if (forgets) coordinates.forget('a')
    expect(coordinates.size).toBe(forgets ? 0 : 1)
    coordinates.observe('a', coordinate(), 20)
    return coordinates.own
  })
  // The median of the three is still the slow one.
  expect(anew).not.toEqual(atOnce)
})

test('the round trip between two members is known once both have been probed', () => {
  const coordinates = new Coordinates('self', seededRandom(1))
  const { a, b, ns } = vivaldi.distances[0]!
  expect(coordinates.rttMs('a', 'b')).toBeUndefined()
  coordinates.observe('a', coordinateOf(a), 20)
  expect(coordinates.rttMs('a', 'b')).toBeUndefined()
  coordinates.observe('b', coordinateOf(b), 20)
  expect(coordinates.rttMs('a', 'b')).toBe(ns / 1e6)
  expect(coordinates.rttMs('self', 'a')).toBeGreaterThan(0)
  coordinates.forget('b')
  expect(coordinates.rttMs('a', 'b')).toBeUndefined()
})

test('a coordinate that is no number any more goes back to the origin', () => {
  const lost = { ...ORIGIN, vec: [Number.MAX_VALUE, 0, 0, 0, 0, 0, 0, 0] }
  const coordinates = new Coordinates('self', seededRandom(1), lost)
  expect(coordinates.observe('a', coordinate(), 20)).toBe(true)
  expect(coordinates.own).toEqual(ORIGIN)
  expect(coordinates.resets).toBe(1)
})
