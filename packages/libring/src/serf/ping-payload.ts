import { decode, encode, float64, list, struct } from '../codec/msgpack.ts'
import type { WireFault } from '../wire/messages.ts'
import { DIMENSIONS, type Coordinate } from './coordinate.ts'

/** Stands before the coordinate. */
const PING_VERSION = 1

/** Another dimension is for the reader to refuse, up to what an ack has room for. */
const DIMENSIONS_MAX = 8 * DIMENSIONS

const COORDINATE = struct({
  Vec: list(float64, DIMENSIONS_MAX),
  Error: float64,
  Adjustment: float64,
  Height: float64,
})

/** What {@link decodePingPayload} gives. */
export type DecodedPingPayload =
  | { readonly coordinate: Coordinate; readonly fault?: never }
  | { readonly fault: WireFault; readonly coordinate?: never }

/** What the ack of a ping carries: always 130 bytes. */
export function encodePingPayload(coordinate: Coordinate): Uint8Array {
  const { vec, error, adjustment, height } = coordinate
  const body = { Vec: vec, Error: error, Adjustment: adjustment, Height: height }
  return encode(COORDINATE, body, PING_VERSION)
}

/** The coordinate in an ack, whatever its values. Never throws. */
export function decodePingPayload(payload: Uint8Array): DecodedPingPayload {
  if (payload.length === 0) return { fault: 'empty' }
  if (payload[0] !== PING_VERSION) return { fault: 'unknown-type' }
  const decoded = decode(COORDINATE, payload, 1)
  if (decoded.fault !== undefined) return decoded
  const { Vec: vec, Error: error, Adjustment: adjustment, Height: height } = decoded.value
  return { coordinate: { vec, error, adjustment, height } }
}
