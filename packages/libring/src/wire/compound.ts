import { invariant } from '../base/errors.ts'
import { Reader } from '../codec/reader.ts'
import { Writer } from '../codec/writer.ts'
import { MessageType } from './message-type.ts'

// Layout, after memberlist util.go `makeCompoundMessage`:
//
//   u8  7            MessageType.compound
//   u8  count        parts that follow
//   u16 length[count]
//   ... part[count], back to back

/** Most parts that one compound message can carry: its count is a single byte. */
export const COMPOUND_PARTS_MAX = 255

const PART_BYTES_MAX = 0xffff

export interface Compound {
  readonly parts: readonly Uint8Array[]
  /** Parts announced but not there whole. As in memberlist, those before them still count. */
  readonly truncated: number
}

/**
 * Pack 1 to {@link COMPOUND_PARTS_MAX} parts of 1 to 65,535 bytes into one message. The caller
 * minds the size of a datagram. An empty part is a bug: old peers crash on it.
 */
export function encodeCompound(parts: readonly Uint8Array[]): Uint8Array {
  invariant(parts.length >= 1, 'a compound holds at least one part')
  invariant(parts.length <= COMPOUND_PARTS_MAX, 'a compound holds at most 255 parts')
  const writer = new Writer(parts.reduce((total, part) => total + 2 + part.length, 2))
  writer.uint8(MessageType.compound)
  writer.uint8(parts.length)
  for (const part of parts) {
    invariant(part.length >= 1, 'a compound part is never empty')
    invariant(part.length <= PART_BYTES_MAX, 'a compound part is at most 65,535 bytes')
    writer.uint16(part.length)
  }
  for (const part of parts) writer.bytes(part)
  return writer.finish()
}

/**
 * Unpack the bytes after the type byte into views of them, empty parts included. `undefined`
 * when even the lengths do not fit.
 */
export function decodeCompound(bytes: Uint8Array): Compound | undefined {
  const reader = new Reader(bytes)
  const count = reader.uint8()
  const lengths = Array.from({ length: count }, () => reader.uint16())
  if (reader.fault !== undefined) return undefined

  const parts: Uint8Array[] = []
  for (const length of lengths) {
    if (reader.remaining < length) break
    parts.push(reader.view(length))
  }
  return { parts, truncated: count - parts.length }
}
