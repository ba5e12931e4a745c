import { concatBytes } from '../base/bytes.ts'
import { MessageType } from './message-type.ts'
import type { PeerFault } from './peer.ts'
import {
  openEnvelope,
  SEAL_NONCE_BYTES,
  SEAL_OVERHEAD_BYTES,
  SEAL_VERSION,
  sealEnvelope,
} from './seal.ts'
import type { Security, StreamEnd } from './security.ts'

// Around a frame:
//
//   u8  form             0 in clear, 10 in an envelope
//   u32 length           of what follows, big-endian
//   ... frame or envelope
//
// Authenticated with an envelope:
//
//   u8  245              so that nothing sealed for another purpose opens here, nor the reverse:
//                        a packet goes with its label alone, and no UTF-8 has this byte; a stream
//                        of memberlist's goes with 10 first
//   ... form and length
//   u8  end              that speaks: 0 dialling, 1 accepting
//   u64 count            of frames sealed by that end before this one
//   ... session[12]      the nonce of the dialling end's first frame; zeros for that frame itself
//   ... label
//
// So an envelope opens only in the place it was made for: no frame can be left out, repeated,
// moved, sent back to its sender or put into another stream. What this does not exclude is that
// a recorded request, from the first byte on, is sent again to the same member: the answer goes
// to nobody then, but the request is seen twice.

/** What stands before every frame. */
export const PEER_FRAME_HEADER_BYTES = 5

const IN_CLEAR = 0
const NO_SESSION = new Uint8Array(SEAL_NONCE_BYTES)

/** What a frame's header announces. */
export interface FrameHeader {
  readonly isSealed: boolean
  readonly length: number
}

export function readFrameHeader(bytes: Uint8Array): FrameHeader | undefined {
  const form = bytes[0]
  if (form !== IN_CLEAR && form !== MessageType.encrypt) return undefined
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(1)
  return { isSealed: form === MessageType.encrypt, length }
}

/** Wraps what one end of one stream says, and unwraps what it hears. Both in order. */
export class PeerSeal {
  readonly #end: StreamEnd
  readonly #security: Security
  #session: Uint8Array = NO_SESSION
  #sent = 0
  #received = 0
  #receivesSealed: boolean | undefined

  constructor(end: StreamEnd, security: Security) {
    this.#end = end
    this.#security = security
  }

  /** The next frame as it goes into the stream. */
  wrap(frame: Uint8Array): Uint8Array {
    const { seal } = this.#security
    const count = this.#sent++
    if (seal === undefined || !seal.verifyOutgoing) {
      return concatBytes([frameHeader(IN_CLEAR, frame.length), frame])
    }
    const header = frameHeader(MessageType.encrypt, frame.length + SEAL_OVERHEAD_BYTES)
    const associated = this.#associated(header, this.#end, count)
    const envelope = sealEnvelope(seal.cipher, seal.keyring.primary, frame, associated)
    if (this.#end === 'dialling' && count === 0) this.#session = nonceOf(envelope)
    return concatBytes([header, envelope])
  }

  /** The next frame that came, or why it is none. */
  unwrap({ isSealed }: FrameHeader, body: Uint8Array): Uint8Array | PeerFault {
    const { seal } = this.#security
    const count = this.#received++
    this.#receivesSealed ??= isSealed
    if (!isSealed) {
      if (seal?.verifyIncoming === true) return 'unsealed'
      return this.#receivesSealed ? 'order' : body
    }
    if (seal === undefined) return 'sealed'
    if (!this.#receivesSealed) return 'order'
    // Nobody vouches for the version, and that of old would take padding off the frame.
    if (body[0] !== SEAL_VERSION) return 'malformed'
    const sender = this.#end === 'dialling' ? 'accepting' : 'dialling'
    const header = frameHeader(MessageType.encrypt, body.length)
    const associated = this.#associated(header, sender, count)
    const opened = openEnvelope(seal.cipher, seal.keyring.keys, body, associated)
    // An envelope has its length before it: a short one was never whole.
    if (opened === 'truncated') return 'malformed'
    if (typeof opened === 'string') return opened
    if (sender === 'dialling' && count === 0) this.#session = nonceOf(body)
    return opened
  }

  #associated(header: Uint8Array, sender: StreamEnd, count: number): Uint8Array {
    const place = new Uint8Array(9)
    place[0] = sender === 'dialling' ? 0 : 1
    new DataView(place.buffer).setBigUint64(1, BigInt(count))
    const session = sender === 'dialling' && count === 0 ? NO_SESSION : this.#session
    return concatBytes([TYPE, header, place, session, this.#security.label])
  }
}

const TYPE = Uint8Array.of(MessageType.peer)

function frameHeader(form: number, length: number): Uint8Array {
  const header = new Uint8Array(PEER_FRAME_HEADER_BYTES)
  header[0] = form
  new DataView(header.buffer).setUint32(1, length)
  return header
}

function nonceOf(envelope: Uint8Array): Uint8Array {
  return envelope.slice(1, 1 + SEAL_NONCE_BYTES)
}
