import { utf8Length } from '../base/bytes.ts'
import {
  decode,
  encode,
  struct,
  text,
  uint32,
  uint8,
  type Codec,
  type Decoded,
} from '../codec/msgpack.ts'

// What two members of libring say to each other over a stream of their own: a request and its
// reply, both of any length.
//
//   dialling end:   label header | u8 245 | frame: head | frames: chunk * | end | credit between
//   accepting end:                          frames: chunk * | end or error      | credit between
//
// How a frame stands in the stream is the matter of `peer-seal.ts`. In it:
//
//   u8  kind
//       1 head      { version, topic, from, to, deadlineMs }
//       2 chunk     bytes of the body, 1 to 65,536
//       3 end       nothing: the body is whole
//       4 error     { code, reason }: there will be no more of the reply
//       5 credit    u32: so many bytes more may be sent
//
// The dialling end leaves its side open until it has all it wants: closing it calls the request
// off. Nothing but an `end` says that a body is whole.

/** What these files describe. A head with another version is answered by an error. */
export const PEER_VERSION = 1

/** How many bytes of a body one chunk carries at most. */
export const PEER_CHUNK_BYTES_MAX = 65_536

/** How long a topic, and the name of a member, may be in UTF-8. */
export const PEER_TEXT_BYTES_MAX = 128

/** How long a request may be under way: an hour. */
export const PEER_DEADLINE_MS_MAX = 3_600_000

/** How long the reason of an error may be in UTF-8; longer ones are cut when sent. */
export const PEER_REASON_BYTES_MAX = 1_024

/** How many bytes a head or an error may have. */
const STRUCT_BYTES_MAX = 2_048

/** How long the longest head is, its kind included. */
export const PEER_HEAD_BYTES_MAX: number = 1 + STRUCT_BYTES_MAX

/** How long the longest frame is, its kind included. */
export const PEER_FRAME_BYTES_MAX: number = 1 + PEER_CHUNK_BYTES_MAX

/** The beginning of a request. */
export interface PeerHead {
  readonly version: number
  /** What the request is about. 1 to 128 bytes. */
  readonly topic: string
  /** Who asks. */
  readonly from: string
  /** Who is asked: whoever has another name does not answer. */
  readonly to: string
  /** How long the asker waits for the whole reply. 1 to 3,600,000. */
  readonly deadlineMs: number
}

export type PeerFrame =
  | { readonly type: 'head'; readonly head: PeerHead }
  | { readonly type: 'chunk'; readonly bytes: Uint8Array }
  | { readonly type: 'end' }
  | { readonly type: 'error'; readonly code: string; readonly reason: string }
  | { readonly type: 'credit'; readonly bytes: number }

/**
 * Why a stream between peers was dropped. Each is counted by its name.
 *
 *  - `empty`        a frame without a kind, or a chunk without bytes
 *  - `truncated`    the stream ended within a frame, or before the body did
 *  - `malformed`    a field of the wrong kind or range
 *  - `unknown-type` a frame of no known kind or form
 *  - `too-large`    over a stated limit
 *  - `order`        a frame where it has no place, or sealed after one in clear, or the reverse
 *  - `overrun`      more bytes than credit was given for, or more credit than there can be
 *  - `sealed`       encrypted, and there is no key
 *  - `key`          no key of ours opens it here: another key, another place, another stream
 *  - `unsealed`     in clear, though there are keys
 */
export type PeerFault = (typeof PEER_FAULTS)[number]

export const PEER_FAULTS = [
  'empty',
  'truncated',
  'malformed',
  'unknown-type',
  'too-large',
  'order',
  'overrun',
  'sealed',
  'key',
  'unsealed',
] as const

const Kind = { head: 1, chunk: 2, end: 3, error: 4, credit: 5 } as const

const HEAD: Codec<PeerHead> = struct({
  version: uint8,
  topic: text,
  from: text,
  to: text,
  deadlineMs: uint32,
})

const ERROR: Codec<{ readonly code: string; readonly reason: string }> = struct({
  code: text,
  reason: text,
})

const CREDIT_BYTES = 5

/** The bytes of a frame, from its kind on. What is in it must be within the limits. */
export function encodePeerFrame(frame: PeerFrame): Uint8Array {
  switch (frame.type) {
    case 'head':
      return encode(HEAD, frame.head, Kind.head)
    case 'chunk': {
      const bytes = new Uint8Array(1 + frame.bytes.length)
      bytes[0] = Kind.chunk
      bytes.set(frame.bytes, 1)
      return bytes
    }
    case 'end':
      return Uint8Array.of(Kind.end)
    case 'error': {
      const { code, reason } = frame
      return encode(ERROR, { code, reason: cut(reason) }, Kind.error)
    }
    case 'credit': {
      const bytes = new Uint8Array(CREDIT_BYTES)
      bytes[0] = Kind.credit
      new DataView(bytes.buffer).setUint32(1, frame.bytes)
      return bytes
    }
  }
}

/** The frame that `bytes` are, wholly; a chunk is a view of them. Never throws. */
export function decodePeerFrame(bytes: Uint8Array): PeerFrame | PeerFault {
  const [kind] = bytes
  if (kind === undefined) return 'empty'
  switch (kind) {
    case Kind.head: {
      const head = wholeStruct(bytes, HEAD)
      if (typeof head === 'string') return head
      return isInRange(head) ? { type: 'head', head } : 'malformed'
    }
    case Kind.chunk:
      if (bytes.length === 1) return 'empty'
      if (bytes.length > PEER_FRAME_BYTES_MAX) return 'too-large'
      return { type: 'chunk', bytes: bytes.subarray(1) }
    case Kind.end:
      return bytes.length === 1 ? { type: 'end' } : 'malformed'
    case Kind.error: {
      const error = wholeStruct(bytes, ERROR)
      return typeof error === 'string' ? error : { type: 'error', ...error }
    }
    case Kind.credit: {
      if (bytes.length !== CREDIT_BYTES) return 'malformed'
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
      return { type: 'credit', bytes: view.getUint32(1) }
    }
    default:
      return 'unknown-type'
  }
}

/** Whether a topic, or the name of a member, may stand in a head. */
export function fitsPeerHead(value: string): boolean {
  return value !== '' && utf8Length(value) <= PEER_TEXT_BYTES_MAX
}

function wholeStruct<T>(bytes: Uint8Array, codec: Codec<T>): T | PeerFault {
  if (bytes.length > 1 + STRUCT_BYTES_MAX) return 'too-large'
  const decoded: Decoded<T> = decode(codec, bytes, 1)
  // The frame is all there is: what is cut within it stays cut.
  if (decoded.fault !== undefined) return decoded.fault === 'too-large' ? 'too-large' : 'malformed'
  return decoded.end === bytes.length ? decoded.value : 'malformed'
}

/** Of a version that we do not know, nothing but the version is looked at. */
function isInRange({ version, topic, from, to, deadlineMs }: PeerHead): boolean {
  if (version !== PEER_VERSION) return true
  if (deadlineMs < 1 || deadlineMs > PEER_DEADLINE_MS_MAX) return false
  return [topic, from, to].every(fitsPeerHead)
}

/** As much of `reason` as fits. */
function cut(reason: string): string {
  let end = Math.min(reason.length, PEER_REASON_BYTES_MAX)
  while (utf8Length(reason.slice(0, end)) > PEER_REASON_BYTES_MAX) end--
  return reason.slice(0, end)
}
