import { describe, expect, test } from 'vitest'
import { ORIGIN } from '../../../packages/libring/src/serf/coordinate.ts'
import {
  decodePingPayload,
  encodePingPayload,
} from '../../../packages/libring/src/serf/ping-payload.ts'
import { coordinate, coordinateOf, type CoordinateVector } from '../../support/coordinates.ts'
import { hex, serfVectors } from '../../support/vectors.ts'

const { ackPayloads } = serfVectors<{
  ackPayloads: { name: string; hex: string; coord: CoordinateVector }[]
}>('serf-messages.json')

describe('payloads that Serf sends', () => {
  test.each(ackPayloads)('$name', ({ hex: text, coord }) => {
    expect(encodePingPayload(coordinateOf(coord))).toEqual(hex(text))
    expect(decodePingPayload(hex(text))).toEqual({ coordinate: coordinateOf(coord) })
  })
})

test('always of 130 bytes', () => {
  expect(encodePingPayload(ORIGIN)).toHaveLength(130)
  expect(encodePingPayload(coordinate())).toHaveLength(130)
})

test('values that no coordinate has are read as they are: whoever uses them refuses them', () => {
  const forged = coordinate({ vec: [Number.NaN, Number.POSITIVE_INFINITY], error: -1 })
  expect(decodePingPayload(encodePingPayload(forged))).toEqual({ coordinate: forged })
})

describe('refused', () => {
  const whole = encodePingPayload(coordinate())
  test.each([
    ['nothing', new Uint8Array(0), 'empty'],
    ['another version', Uint8Array.of(2, ...whole.subarray(1)), 'unknown-type'],
    ['a version alone', whole.subarray(0, 1), 'truncated'],
    ['text for a number', hex('0181a54572726f72a161'), 'malformed'],
    ['more dimensions than an ack has room for', hex('0181a3566563dcffff'), 'too-large'],
  ])('%s', (_what, payload, fault) => {
    expect(decodePingPayload(payload)).toEqual({ fault })
  })

  test('cut anywhere', () => {
    for (let length = 1; length < whole.length; length++) {
      expect(decodePingPayload(whole.subarray(0, length))).toEqual({ fault: 'truncated' })
    }
  })
})
