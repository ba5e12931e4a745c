import { concatBytes, equalBytes } from '../base/bytes.ts'
import { MessageType } from './message-type.ts'

// Before every packet, and at the start of every stream that is dialled, when the cluster has a
// label:
//
//   u8  244
//   u8  length           1 to 255
//   ... label[length]

/** Longest label in bytes: its length is a single byte. */
export const LABEL_BYTES_MAX = 255

/** What goes before the bytes of a cluster with this label: nothing when it is empty. */
export function labelHeader(label: Uint8Array): Uint8Array {
  if (label.length === 0) return label
  return concatBytes([Uint8Array.of(MessageType.label, label.length), label])
}

/** A packet without its label, or `undefined` when it bears another than `label`. */
export function withoutLabel(packet: Uint8Array, label: Uint8Array): Uint8Array | undefined {
  if (label.length === 0) return packet[0] === MessageType.label ? undefined : packet
  const header = labelHeader(label)
  if (!equalBytes(packet.subarray(0, header.length), header)) return undefined
  return packet.subarray(header.length)
}
