import { utf8Length } from '../base/bytes.ts'
import {
  bool,
  bytes as byteString,
  decode,
  encode,
  int,
  list,
  struct,
  text,
  uint16,
  uint32,
  uint64,
  uint8,
  type Codec,
} from '../codec/msgpack.ts'
import type { Millis } from '../base/time.ts'
import type { ReadFault } from '../codec/reader.ts'
import type { Home } from './acting.ts'
import { decodePartitions, encodePartitions, PARTITIONS_MAX } from './partition-set.ts'
import { HEARD_LIMIT, type Token } from './token.ts'

// What members say to one another about partitions. Each is one message of the peer channel: a
// type byte and one struct. Sets of partitions travel as `partition-set.ts` has it.

/** What every message says of its sender. */
export interface PeerHeader {
  /** Which process of that name it is; another one after every start. */
  readonly life: bigint
  /** Number of the message, growing with every message that this process sends to anybody. */
  readonly seq: number
  /** What its token clock shows. */
  readonly clock: Token
  /** Of everything it sees that an assignment depends on. */
  readonly digest: number
  /**
   * Of the partition count and the key hash. Numbers of partitions mean something only to a
   * member that shows the same.
   */
  readonly space: number
}

/** Partitions that the sender is taking, begun together. */
export interface AskGroup {
  /** Number of the attempt. Of two attempts to take one partition the later has the higher. */
  readonly attempt: number
  /** Whether a holder is to let them go; otherwise it is only to say that it holds them. */
  readonly letGo: boolean
  readonly partitions: readonly number[]
}

/** Everything that the sender has to hear of from this member; it stands for all asked before. */
export interface AskMessage extends PeerHeader {
  readonly type: 'ask'
  readonly groups: readonly AskGroup[]
}

/**
 * What a member is to a partition, as it answers.
 *
 *  - `none` it neither holds index 0 nor is taking it, or has let it go for good
 *  - `holding` it holds index 0
 *  - `letting-go` it holds index 0 until a handler is done
 *  - `taking` it is taking index 0 and has heard from the asker, so it does not wait for it
 *  - `waiting` it is taking index 0 and waits for the asker as well
 */
export type Standing = 'none' | 'holding' | 'letting-go' | 'taking' | 'waiting'

export interface AnswerGroup {
  /** Of the asker. */
  readonly attempt: number
  readonly standing: Standing
  readonly partitions: readonly number[]
}

/** A partition that the sender has let go lately, and what it leaves to whoever takes it. */
export interface Legacy {
  readonly partition: number
  readonly token: Token
  readonly state: Uint8Array
}

/** What the sender is to partitions that it was asked about. */
export interface AnswerMessage extends PeerHeader {
  readonly type: 'answer'
  /** The process that asked. */
  readonly asker: bigint
  readonly groups: readonly AnswerGroup[]
  readonly legacies: readonly Legacy[]
}

export interface Holding {
  readonly partition: number
  /** 0 for an index other than 0. */
  readonly token: Token
}

/** The sender has an index of these partitions. */
export interface AcquiredMessage extends PeerHeader {
  readonly type: 'acquired'
  readonly holdings: readonly Holding[]
}

/** The sender holds index 0 of these partitions and would let the receiver have them. */
export interface OfferMessage extends PeerHeader {
  readonly type: 'offer'
  readonly holdings: readonly Holding[]
}

/**
 * The sender lets backups of these partitions go once the receiver has them; it stands for all
 * that it waits for this member with.
 */
export interface PartingMessage extends PeerHeader {
  readonly type: 'parting'
  readonly partitions: readonly number[]
}

/** A member that is away, as one member tells another. */
export interface AwayEntry extends Home {
  /** At which it went. */
  readonly incarnation: number
  /** For how much longer its partitions are kept, in whole milliseconds; 0 once that is over. */
  readonly leftMs: Millis
}

/** Who is away, as far as the sender knows, or where the receiver is wrong about that. */
export interface AwayMessage extends PeerHeader {
  readonly type: 'away'
  /** Whether the receiver is to say in turn who is away. */
  readonly asks: boolean
  /** Whether somebody has told the sender, or there was nobody to. */
  readonly isInformed: boolean
  readonly entries: readonly AwayEntry[]
}

export type PeerMessage =
  AskMessage | AnswerMessage | AcquiredMessage | OfferMessage | PartingMessage | AwayMessage

/** Most members that one message tells of: whatever their names and zones are, there is room. */
export const AWAY_ENTRIES_MAX = 1_024

/** Most bytes of state that one partition can leave to its successor. */
export const STATE_BYTES_MAX = 1_048_576

/** First byte of a message. */
const TYPES = { ask: 1, answer: 2, acquired: 3, offer: 4, parting: 5, away: 6 } as const

const STANDINGS: readonly Standing[] = ['none', 'holding', 'letting-go', 'taking', 'waiting']

const token: Codec<Token> = checked(uint64, (value) => value < HEARD_LIMIT)

const partition: Codec<number> = checked(uint32, (value) => value < PARTITIONS_MAX)

const partitions: Codec<readonly number[]> = {
  zero: [],
  read(reader) {
    const set = decodePartitions(byteString.read(reader))
    if (set === undefined) reader.fail('malformed')
    return set ?? []
  },
  write(writer, value) {
    byteString.write(writer, encodePartitions(value))
  },
}

const standing: Codec<Standing> = {
  zero: 'none',
  read(reader) {
    const value = STANDINGS[uint8.read(reader)]
    if (value === undefined) reader.fail('malformed')
    return value ?? 'none'
  },
  write(writer, value) {
    uint8.write(writer, STANDINGS.indexOf(value))
  },
}

const state: Codec<Uint8Array> = {
  ...byteString,
  read(reader) {
    const value = byteString.read(reader)
    if (value.length > STATE_BYTES_MAX) reader.fail('too-large')
    // The input is a buffer of the transport; what is left to a successor outlives it.
    return value.slice()
  },
}

/** More than 32 bits: a busy process sends that many messages within months. */
const count: Codec<number> = checked(int, (value) => value >= 0)

const HEADER = { life: uint64, seq: count, clock: token, digest: uint32, space: uint32 }
const ASK_GROUP = struct<AskGroup>({ attempt: count, letGo: bool, partitions })
const ANSWER_GROUP = struct<AnswerGroup>({ attempt: count, standing, partitions })
const LEGACY = struct<Legacy>({ partition, token, state })
/** Looked at as a whole, since a field that is not there passes for one that is zero. */
const AWAY_ENTRY = checked(
  struct<AwayEntry>({
    name: text,
    weight: uint16,
    zone: text,
    incarnation: uint32,
    leftMs: uint32,
  }),
  ({ name, weight, zone }) => {
    return name !== '' && utf8Length(name) <= 128 && weight > 0 && utf8Length(zone) <= 512
  },
)
const HOLDINGS = list(struct<Holding>({ partition, token }), PARTITIONS_MAX)

const CODECS = {
  ask: struct<Body<AskMessage>>({ ...HEADER, groups: list(ASK_GROUP, PARTITIONS_MAX) }),
  answer: struct<Body<AnswerMessage>>({
    ...HEADER,
    asker: uint64,
    groups: list(ANSWER_GROUP, PARTITIONS_MAX),
    legacies: list(LEGACY, PARTITIONS_MAX),
  }),
  acquired: struct<Body<AcquiredMessage>>({ ...HEADER, holdings: HOLDINGS }),
  offer: struct<Body<OfferMessage>>({ ...HEADER, holdings: HOLDINGS }),
  parting: struct<Body<PartingMessage>>({ ...HEADER, partitions }),
  away: struct<Body<AwayMessage>>({
    ...HEADER,
    asks: bool,
    isInformed: bool,
    entries: list(AWAY_ENTRY, AWAY_ENTRIES_MAX),
  }),
}

type Body<M extends PeerMessage> = Omit<M, 'type'>

/** What came of decoding. `unknown-type` may be a message of a later version. */
export type DecodedPeerMessage =
  | { readonly message: PeerMessage; readonly fault?: never }
  | { readonly fault: ReadFault | 'unknown-type' | 'surplus' }

/** The bytes of a message, its type first. */
export function encodePeerMessage(message: PeerMessage): Uint8Array {
  switch (message.type) {
    case 'ask':
      return encode(CODECS.ask, message, TYPES.ask)
    case 'answer':
      return encode(CODECS.answer, message, TYPES.answer)
    case 'acquired':
      return encode(CODECS.acquired, message, TYPES.acquired)
    case 'offer':
      return encode(CODECS.offer, message, TYPES.offer)
    case 'parting':
      return encode(CODECS.parting, message, TYPES.parting)
    case 'away':
      return encode(CODECS.away, message, TYPES.away)
  }
}

/** The message that `bytes` are, whole. Never throws. */
export function decodePeerMessage(bytes: Uint8Array): DecodedPeerMessage {
  switch (bytes[0]) {
    case undefined:
      return { fault: 'truncated' }
    case TYPES.ask:
      return decodeBody('ask', CODECS.ask, bytes)
    case TYPES.answer:
      return decodeBody('answer', CODECS.answer, bytes)
    case TYPES.acquired:
      return decodeBody('acquired', CODECS.acquired, bytes)
    case TYPES.offer:
      return decodeBody('offer', CODECS.offer, bytes)
    case TYPES.parting:
      return decodeBody('parting', CODECS.parting, bytes)
    case TYPES.away:
      return decodeBody('away', CODECS.away, bytes)
    default:
      return { fault: 'unknown-type' }
  }
}

function decodeBody<T extends PeerMessage['type']>(
  type: T,
  codec: Codec<Body<Extract<PeerMessage, { type: T }>>>,
  bytes: Uint8Array,
): DecodedPeerMessage {
  const decoded = decode(codec, bytes, 1)
  if (decoded.fault !== undefined) return { fault: decoded.fault }
  if (decoded.end !== bytes.length) return { fault: 'surplus' }
  return { message: { type, ...decoded.value } as unknown as PeerMessage }
}

/** Values of `codec` that `accept` lets pass; others are malformed. */
function checked<T>(codec: Codec<T>, accept: (value: T) => boolean): Codec<T> {
  return {
    ...codec,
    read(reader) {
      const value = codec.read(reader)
      if (accept(value)) return value
      reader.fail('malformed')
      return codec.zero
    },
  }
}
