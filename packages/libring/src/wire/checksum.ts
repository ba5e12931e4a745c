import { crc32 } from '../codec/crc32.ts'
import { Reader } from '../codec/reader.ts'
import { Writer } from '../codec/writer.ts'
import { MessageType } from './message-type.ts'
import type { WireFault } from './messages.ts'

// Layout, after memberlist net.go `rawSendMsgPacket`:
//
//   u8  12           MessageType.checksum
//   u32 crc          of all that follows
//   ... message

const HEADER_BYTES = 5

/** `message` behind its checksum. */
export function wrapChecksum(message: Uint8Array): Uint8Array {
  const writer = new Writer(HEADER_BYTES + message.length)
  writer.uint8(MessageType.checksum)
  writer.uint32(crc32(message))
  writer.bytes(message)
  return writer.finish()
}

/** A view of the message in a packet that begins with the type byte of a checksum. */
export function openChecksum(packet: Uint8Array): Uint8Array | WireFault {
  const reader = new Reader(packet, 1)
  const crc = reader.uint32()
  if (reader.fault !== undefined) return 'truncated'
  const message = reader.view(reader.remaining)
  return crc32(message) === crc ? message : 'checksum'
}
