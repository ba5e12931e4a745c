import { concatBytes, NO_BYTES } from '../base/bytes.ts'
import type { Keyring } from './keyring.ts'
import { labelHeader, withoutLabel } from './label.ts'
import { MessageType } from './message-type.ts'
import type { WireFault } from './messages.ts'
import { openEnvelope, SEAL_OVERHEAD_BYTES, sealEnvelope, type Cipher } from './seal.ts'

// Around a packet:
//
//   label header | envelope, the label authenticated with it
//
// Around what one end of a stream sends:
//
//   label header        from the end that dialled, and only from it
//   u8  10
//   u32 length          of the envelope, big-endian
//   ... envelope        these 5 bytes and the label authenticated with it

const STREAM_HEADER_BYTES = 5

/** What keeps strangers out: a label, against mistakes, and keys, against malice. */
export interface Security {
  /** At most 255 bytes; empty for none. */
  readonly label: Uint8Array
  /** `undefined` where nothing is encrypted. */
  readonly seal: SealPolicy | undefined
}

export interface SealPolicy {
  readonly keyring: Keyring
  readonly cipher: Cipher
  /** Drop what comes in clear. */
  readonly verifyIncoming: boolean
  /** Encrypt what is sent. */
  readonly verifyOutgoing: boolean
}

/** No label, no keys. */
export const IN_CLEAR: Security = { label: NO_BYTES, seal: undefined }

/** Which end of a stream speaks: only the one that dialled shows the label. */
export type StreamEnd = 'dialling' | 'accepting'

/** As much of {@link Security} as tells how long its wrappers are. */
export interface Wrapping {
  readonly label: Uint8Array
  /** Anything, where what is sent may be encrypted. */
  readonly seal: object | undefined
}

/** How many bytes are kept free in a packet for its wrappers. */
export function packetOverheadBytes({ label, seal }: Wrapping): number {
  return labelHeader(label).length + (seal === undefined ? 0 : SEAL_OVERHEAD_BYTES)
}

export function guardPacket(packet: Uint8Array, { label, seal }: Security): Uint8Array {
  const inner =
    seal === undefined || !seal.verifyOutgoing
      ? packet
      : sealEnvelope(seal.cipher, seal.keyring.primary, packet, label)
  return label.length === 0 ? inner : concatBytes([labelHeader(label), inner])
}

/** The packet inside, or why it is dropped. */
export function unguardPacket(
  bytes: Uint8Array,
  { label, seal }: Security,
): Uint8Array | WireFault {
  const packet = withoutLabel(bytes, label)
  if (packet === undefined) return 'label'
  if (seal === undefined) return packet
  // A sealed packet is not told from one in clear by its bytes, so opening it comes first.
  const opened = openEnvelope(seal.cipher, seal.keyring.keys, packet, label)
  return typeof opened === 'string' && !seal.verifyIncoming ? packet : opened
}

export function guardStream(
  message: Uint8Array,
  { label, seal }: Security,
  end: StreamEnd,
): Uint8Array {
  const header = end === 'dialling' ? labelHeader(label) : NO_BYTES
  if (seal === undefined || !seal.verifyOutgoing) {
    return header.length === 0 ? message : concatBytes([header, message])
  }
  const length = streamHeader(message.length + SEAL_OVERHEAD_BYTES)
  const { cipher, keyring } = seal
  const envelope = sealEnvelope(cipher, keyring.primary, message, concatBytes([length, label]))
  return concatBytes([header, length, envelope])
}

/** The message in an envelope that a stream carried, or why it is dropped. */
export function unguardStream(
  envelope: Uint8Array,
  { label, seal }: Security,
): Uint8Array | WireFault {
  if (seal === undefined) return 'sealed'
  const associated = concatBytes([streamHeader(envelope.length), label])
  const opened = openEnvelope(seal.cipher, seal.keyring.keys, envelope, associated)
  return typeof opened !== 'string' && opened.length === 0 ? 'empty' : opened
}

function streamHeader(length: number): Uint8Array {
  const header = new Uint8Array(STREAM_HEADER_BYTES)
  header[0] = MessageType.encrypt
  new DataView(header.buffer).setUint32(1, length)
  return header
}
