import {
  bool,
  bytes,
  int,
  omitEmpty,
  struct,
  text,
  lenientText,
  uint16,
  uint32,
  uint8,
  type Codec,
  type Fields,
} from '../codec/msgpack.ts'
import type { WireState } from './messages.ts'

// Bodies of memberlist's messages: the fields in the order in which Go declares them, by Go's
// names, since these names are the keys on the wire.

/** Longest name of a member that is taken from the network, in bytes of UTF-8. */
export const NAME_BYTES_MAX = 128

/** Where to answer a ping. */
export interface SourceFields {
  readonly SourceAddr: Uint8Array
  readonly SourcePort: number
  readonly SourceNode: string
}

const SOURCE: Fields<SourceFields> = {
  SourceAddr: omitEmpty(bytes),
  SourcePort: omitEmpty(uint16),
  SourceNode: omitEmpty(text),
}

export interface PingBody extends SourceFields {
  readonly SeqNo: number
  readonly Node: string
}

export const PING: Codec<PingBody> = struct({ SeqNo: uint32, Node: text, ...SOURCE })

export interface IndirectPingBody extends SourceFields {
  readonly SeqNo: number
  readonly Target: Uint8Array
  readonly Port: number
  readonly Node: string
  readonly Nack: boolean
}

export const INDIRECT_PING: Codec<IndirectPingBody> = struct({
  SeqNo: uint32,
  Target: bytes,
  Port: uint16,
  Node: text,
  Nack: bool,
  ...SOURCE,
})

export interface AckBody {
  readonly SeqNo: number
  readonly Payload: Uint8Array
}

export const ACK: Codec<AckBody> = struct({ SeqNo: uint32, Payload: bytes })

export interface NackBody {
  readonly SeqNo: number
}

export const NACK: Codec<NackBody> = struct({ SeqNo: uint32 })

/** Of `suspect` and of `dead` alike. */
export interface AccusationBody {
  readonly Incarnation: number
  readonly Node: string
  readonly From: string
}

export const ACCUSATION: Codec<AccusationBody> = struct({
  Incarnation: uint32,
  Node: text,
  From: text,
})

export interface AliveBody {
  readonly Incarnation: number
  readonly Node: string
  readonly Addr: Uint8Array
  readonly Port: number
  readonly Meta: Uint8Array
  readonly Vsn: Uint8Array
}

export const ALIVE: Codec<AliveBody> = struct({
  Incarnation: uint32,
  Node: text,
  Addr: bytes,
  Port: uint16,
  Meta: bytes,
  Vsn: bytes,
})

export interface ErrorBody {
  readonly Error: string
}

export const ERROR: Codec<ErrorBody> = struct({ Error: text })

/** Before a user message in a stream; in a datagram there is none. */
export interface UserHeader {
  readonly UserMsgLen: number
}

export const USER_HEADER: Codec<UserHeader> = struct({ UserMsgLen: int })

/** Before the node states, which stand back to back, and the user state. */
export interface PushPullHeader {
  readonly Nodes: number
  readonly UserStateLen: number
  readonly Join: boolean
}

export const PUSH_PULL_HEADER: Codec<PushPullHeader> = struct({
  Nodes: int,
  UserStateLen: int,
  Join: bool,
})

export interface NodeStateBody {
  /** `undefined` when it is too long, or no text. */
  readonly Name: string | undefined
  readonly Addr: Uint8Array
  readonly Port: number
  readonly Meta: Uint8Array
  readonly Incarnation: number
  readonly State: number
  readonly Vsn: Uint8Array
}

export const NODE_STATE: Codec<NodeStateBody> = struct({
  Name: lenientText(NAME_BYTES_MAX),
  Addr: bytes,
  Port: uint16,
  Meta: bytes,
  Incarnation: uint32,
  State: uint8,
  Vsn: bytes,
})

/** What the number in `State` stands for. */
export const WIRE_STATES: readonly WireState[] = ['alive', 'suspect', 'dead', 'left']
