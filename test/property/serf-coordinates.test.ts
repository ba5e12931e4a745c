import fc from 'fast-check'
import { expect, test } from 'vitest'
import { seededRandom } from '../../packages/libring/src/base/random.ts'
import {
  ERROR_MAX,
  HEIGHT_MIN,
  isSound,
  rawDistance,
  type Coordinate,
} from '../../packages/libring/src/serf/coordinate.ts'
import { Coordinates } from '../../packages/libring/src/serf/coordinates.ts'
import {
  decodePingPayload,
  encodePingPayload,
} from '../../packages/libring/src/serf/ping-payload.ts'

const anyNumber = fc.oneof(
  fc.double(),
  fc.constantFrom(Number.NaN, Infinity, -Infinity, -0, 1e308, -1e308, 5e-324, 1_000, -1_000),
)
const anyCoordinate: fc.Arbitrary<Coordinate> = fc.record({
  vec: fc.oneof(
    { weight: 4, arbitrary: fc.array(anyNumber, { minLength: 8, maxLength: 8 }) },
    fc.array(anyNumber, { maxLength: 64 }),
  ),
  error: anyNumber,
  adjustment: anyNumber,
  height: anyNumber,
})

test('whatever others say of themselves, we stay a coordinate that others can use', () => {
  const measurement = fc.record({
    name: fc.constantFrom('a', 'b', 'c'),
    other: fc.oneof(
      anyCoordinate,
      fc.record({
        vec: fc.array(fc.double({ min: -1_000, max: 1_000, noNaN: true }), {
          minLength: 8,
          maxLength: 8,
        }),
        error: fc.double({ min: 0, max: 1_000, noNaN: true }),
        adjustment: fc.double({ min: -1_000, max: 1_000, noNaN: true }),
        height: fc.double({ min: 0, max: 1_000, noNaN: true }),
      }),
    ),
    rttMs: fc.oneof(fc.double({ min: 0, max: 10_000, noNaN: true }), anyNumber),
  })
  fc.assert(
    fc.property(fc.integer(), fc.array(measurement, { maxLength: 60 }), (seed, measurements) => {
      const coordinates = new Coordinates('self', seededRandom(seed))
      for (const { name, other, rttMs } of measurements) {
        const before = coordinates.own
        if (!coordinates.observe(name, other, rttMs)) expect(coordinates.own).toBe(before)
        const { own } = coordinates
        expect(isSound(own)).toBe(true)
        expect(own.error).toBeGreaterThanOrEqual(0)
        expect(own.error).toBeLessThanOrEqual(ERROR_MAX)
        expect(own.height).toBeGreaterThanOrEqual(HEIGHT_MIN)
      }
      expect(coordinates.resets).toBe(0)
      expect(coordinates.size).toBeLessThanOrEqual(3)
    }),
  )
})

test('a payload comes back as it was', () => {
  fc.assert(
    fc.property(anyCoordinate, (coordinate) => {
      expect(decodePingPayload(encodePingPayload(coordinate))).toEqual({ coordinate })
    }),
  )
})

test('no bytes make the decoder throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, isVersion1) => {
      const payload = isVersion1 ? Uint8Array.of(1, ...bytes) : bytes
      const { coordinate, fault } = decodePingPayload(payload)
      expect(coordinate === undefined).toBe(fault !== undefined)
    }),
  )
})

test('members that measure each other come to stand as far apart as they are', () => {
  const place = fc.tuple(
    fc.double({ min: 0, max: 0.1, noNaN: true }),
    fc.double({ min: 0, max: 0.1, noNaN: true }),
  )
  fc.assert(
    fc.property(fc.integer(), fc.array(place, { minLength: 3, maxLength: 6 }), (seed, places) => {
      const random = seededRandom(seed)
      const names = places.map((_, index) => String(index))
      const members = names.map((name) => new Coordinates(name, random))
      const rttSeconds = (i: number, j: number) => {
        return 0.001 + Math.hypot(places[i]![0] - places[j]![0], places[i]![1] - places[j]![1])
      }
      for (let round = 0; round < 400; round++) {
        for (const [i, member] of members.entries()) {
          const j = (i + 1 + (round % (members.length - 1))) % members.length
          member.observe(names[j]!, members[j]!.own, rttSeconds(i, j) * 1_000)
        }
      }
      let [measured, missed] = [0, 0]
      for (const [i, { own }] of members.entries()) {
        for (const [j, { own: other }] of members.entries()) {
          if (i === j) continue
          measured += rttSeconds(i, j)
          missed += Math.abs(rawDistance(own, other) - rttSeconds(i, j))
        }
      }
      // At the origin, where all began, everything is missed.
      expect(missed / measured).toBeLessThan(0.5)
    }),
    { numRuns: 20 },
  )
})
