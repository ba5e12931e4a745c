import { isWellFormed, NO_BYTES, utf8Encode } from '../base/bytes.ts'
import { OptionError } from '../base/errors.ts'
import { NAME_LENGTH_MAX } from '../serf/attendance.ts'

/** What is sent: bytes, or text that is sent as UTF-8. */
export type Payload = string | Uint8Array

/**
 * The bytes of a payload, the caller's own no longer; none when it was left out.
 *
 * @throws {OptionError} when it is no payload.
 */
export function payloadBytes(option: string, payload: unknown): Uint8Array {
  if (payload === undefined) return NO_BYTES
  // A plain copy also of what is a Buffer.
  if (payload instanceof Uint8Array) return Uint8Array.from(payload)
  if (typeof payload === 'string' && isWellFormed(payload)) return utf8Encode(payload)
  throw new OptionError(option, 'bytes or well-formed text', payload)
}

/** @throws {OptionError} unless `name` is text that arrives as it was sent. */
export function requireName(option: string, name: unknown): asserts name is string {
  if (typeof name === 'string' && isWellFormed(name)) return
  throw new OptionError(option, 'well-formed text', name)
}

/**
 * Agents may know members whose names are too long to be met here, and can be told of those as well.
 *
 * @throws {OptionError} unless `name` is well-formed text of at most 1,024 characters.
 */
export function requireMemberName(option: string, name: unknown): asserts name is string {
  requireName(option, name)
  if (name.length <= NAME_LENGTH_MAX) return
  throw new OptionError(option, `at most ${NAME_LENGTH_MAX} characters`, name)
}
