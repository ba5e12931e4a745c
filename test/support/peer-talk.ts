import { concatBytes, utf8Encode } from '../../packages/libring/src/base/bytes.ts'
import { seededRandom } from '../../packages/libring/src/base/random.ts'
import { systemCipher } from '../../packages/libring/src/runtime/cipher.ts'
import { SimCipher } from '../../packages/libring/src/sim/cipher.ts'
import { Keyring } from '../../packages/libring/src/wire/keyring.ts'
import { PeerDecoder } from '../../packages/libring/src/wire/peer-decoder.ts'
import { PeerSeal } from '../../packages/libring/src/wire/peer-seal.ts'
import {
  encodePeerFrame,
  type PeerFault,
  type PeerFrame,
  type PeerHead,
} from '../../packages/libring/src/wire/peer.ts'
import {
  IN_CLEAR,
  type Security,
  type SealPolicy,
  type StreamEnd,
} from '../../packages/libring/src/wire/security.ts'

export const head: PeerHead = {
  version: 1,
  topic: 'jobs',
  from: 'ann',
  to: 'bob',
  deadlineMs: 10_000,
}

/** A cluster with keys, and a label if need be. */
export function keyed(overrides: Partial<SealPolicy> & { label?: string } = {}): Security {
  const { label = '', ...seal } = overrides
  const keyring = new Keyring([new Uint8Array(16).fill(1)])
  const policy = { keyring, cipher: systemCipher, verifyIncoming: true, verifyOutgoing: true }
  return { label: utf8Encode(label), seal: { ...policy, ...seal } }
}

/** The same with a cipher that gives the same bytes every time. */
export function keyedAlike(seed = 1): Security {
  return keyed({ cipher: new SimCipher(seededRandom(seed)) })
}

export const securities: readonly (readonly [string, Security])[] = [
  ['in clear', IN_CLEAR],
  ['with keys', keyed()],
  ['with keys and a label', keyed({ label: 'blue' })],
]

/** Both ends of one stream, without the stream. */
export class Talk {
  readonly dialling: PeerSeal
  readonly accepting: PeerSeal

  constructor(security: Security, acceptingSecurity: Security = security) {
    this.dialling = new PeerSeal('dialling', security)
    this.accepting = new PeerSeal('accepting', acceptingSecurity)
  }

  /** What `end` says, frame by frame, as it stands in the stream. */
  say(end: StreamEnd, frames: readonly PeerFrame[]): Uint8Array[] {
    const seal = end === 'dialling' ? this.dialling : this.accepting
    return frames.map((frame) => seal.wrap(encodePeerFrame(frame)))
  }

  /** What the other end makes of it. */
  hear(sender: StreamEnd, pieces: readonly Uint8Array[]): Heard {
    const seal = sender === 'dialling' ? this.accepting : this.dialling
    const decoder = new PeerDecoder(sender, seal)
    const frames = pieces.flatMap((piece) => decoder.push(piece))
    return { frames, fault: decoder.fault, decoder }
  }

  /** The dialling end opens the stream with a head, and the other has heard it. */
  introduce(): Uint8Array[] {
    const said = this.say('dialling', [{ type: 'head', head }])
    this.hear('dialling', said)
    return said
  }
}

export interface Heard {
  readonly frames: PeerFrame[]
  readonly fault: PeerFault | undefined
  readonly decoder: PeerDecoder
}

/** `bytes` in pieces of these sizes, taken in turn. */
export function inPieces(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = []
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length]!
    pieces.push(bytes.subarray(at, at + size))
    at += size
  }
  return pieces
}

export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  return concatBytes(pieces)
}
