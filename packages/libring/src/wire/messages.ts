/** Protocol versions a member speaks, six bytes: memberlist min, max, current, then Serf's. */
export type Versions = readonly [number, number, number, number, number, number]

/** Where to answer a ping when not to the sender of the datagram. */
export interface ReplyTo {
  /** 4 or 16 bytes. */
  readonly addr: Uint8Array
  readonly port: number
  /** Empty when unknown. */
  readonly node: string
}

export interface Ping {
  readonly type: 'ping'
  readonly seq: number
  /** Whom it is meant for; empty for anyone. */
  readonly node: string
  readonly replyTo: ReplyTo | undefined
}

/** Please ping somebody for me. */
export interface IndirectPing {
  readonly type: 'indirect-ping'
  readonly seq: number
  /** 4 or 16 bytes. */
  readonly target: Uint8Array
  /** 0 stands for the receiver's own port. */
  readonly port: number
  readonly node: string
  /** Whether silence should be answered by a nack. */
  readonly nack: boolean
  readonly replyTo: ReplyTo | undefined
}

export interface Ack {
  readonly type: 'ack'
  readonly seq: number
  /** Serf's coordinate; empty when there is none. */
  readonly payload: Uint8Array
}

export interface Nack {
  readonly type: 'nack'
  readonly seq: number
}

export interface Suspect {
  readonly type: 'suspect'
  readonly incarnation: number
  readonly node: string
  /** The accuser. */
  readonly from: string
}

export interface Alive {
  readonly type: 'alive'
  readonly incarnation: number
  readonly node: string
  /** 4 or 16 bytes, exactly as received: conflicts are found by comparing bytes. */
  readonly addr: Uint8Array
  /** 0 stands for the receiver's own port. */
  readonly port: number
  /** At most 512 bytes. */
  readonly meta: Uint8Array
  /** `undefined` when the sender gave fewer than six. */
  readonly versions: Versions | undefined
}

export interface Dead {
  readonly type: 'dead'
  readonly incarnation: number
  readonly node: string
  /** Equal to `node` when the member left by itself. */
  readonly from: string
}

/** Bytes for the layer above, here Serf. */
export interface UserMessage {
  readonly type: 'user'
  readonly payload: Uint8Array
}

/** What may stand in a datagram, wrappers taken off. */
export type PacketMessage = Ping | IndirectPing | Ack | Nack | Suspect | Alive | Dead | UserMessage

export type WireState = 'alive' | 'suspect' | 'dead' | 'left'

/** One row of a member table, as push/pull carries it. */
export interface NodeState {
  readonly name: string
  readonly addr: Uint8Array
  readonly port: number
  readonly meta: Uint8Array
  readonly incarnation: number
  readonly state: WireState
  readonly versions: Versions | undefined
}

/** The whole member table, and Serf's own state beside it. */
export interface PushPull {
  readonly type: 'push-pull'
  readonly join: boolean
  readonly nodes: readonly NodeState[]
  /** Rows that were read and left out, as they can be of no member. Not there when none were. */
  readonly rowsRefused?: number
  readonly userState: Uint8Array
}

/** Sent back in place of an answer. */
export interface ErrorReply {
  readonly type: 'error'
  readonly reason: string
}

/** What may stand in a stream, one message each way. */
export type StreamMessage = PushPull | Ping | Ack | UserMessage | ErrorReply

/**
 * Why bytes from a peer were dropped. Each is counted by its name.
 *
 *  - `empty`        nothing there, or a wrapper around nothing
 *  - `truncated`    ended before the message did
 *  - `malformed`    a field of the wrong kind or range, text that is not UTF-8
 *  - `unknown-type` a type byte that has no place here
 *  - `checksum`     the CRC does not match
 *  - `compression`  not LZW, or not what it claims
 *  - `too-large`    over a stated limit, inflated size included
 *  - `too-deep`     wrappers nested beyond four levels
 *  - `sealed`       encrypted, and there is no key
 *  - `key`          encrypted, and no key of ours opens it
 *  - `unsealed`     in clear, though there are keys
 *  - `label`        of a cluster with another label, or none
 */
export type WireFault =
  | 'empty'
  | 'truncated'
  | 'malformed'
  | 'unknown-type'
  | 'checksum'
  | 'compression'
  | 'too-large'
  | 'too-deep'
  | 'sealed'
  | 'key'
  | 'unsealed'
  | 'label'

export const WIRE_FAULTS: readonly WireFault[] = [
  'empty',
  'truncated',
  'malformed',
  'unknown-type',
  'checksum',
  'compression',
  'too-large',
  'too-deep',
  'sealed',
  'key',
  'unsealed',
  'label',
]
