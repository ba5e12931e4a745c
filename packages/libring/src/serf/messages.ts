import type { Millis } from '../base/time.ts'
import type { Versions } from '../wire/messages.ts'

/** First byte of every Serf message. */
export const SerfMessageType = {
  leave: 0,
  join: 1,
  pushPull: 2,
  userEvent: 3,
  query: 4,
  queryResponse: 5,
  conflictResponse: 6,
  keyRequest: 7,
  keyResponse: 8,
  relay: 9,
} as const

/** Bits of `flags` in a query and its responses. */
export const QueryFlag = {
  /** In a query: acknowledge it. In a response: this is the acknowledgement. */
  ack: 1,
  /** In a query: do not pass it along. */
  noBroadcast: 2,
} as const

/** `node` leaves, or is told to have left. */
export interface LeaveIntent {
  readonly type: 'leave'
  readonly ltime: bigint
  readonly node: string
  /** Whether to forget it at once. */
  readonly prune: boolean
}

/** `node` has joined. */
export interface JoinIntent {
  readonly type: 'join'
  readonly ltime: bigint
  readonly node: string
}

/** User events of one Lamport time. */
export interface EventsAt {
  readonly ltime: bigint
  readonly events: readonly { readonly name: string; readonly payload: Uint8Array }[]
}

/** Serf's own part of a push/pull. */
export interface UserState {
  readonly type: 'push-pull'
  /** The three clocks. */
  readonly ltime: bigint
  readonly eventLTime: bigint
  readonly queryLTime: bigint
  /** Time of the newest intent about each member. */
  readonly statusLTimes: ReadonlyMap<string, bigint>
  readonly leftMembers: readonly string[]
  /** Recent events; slots not in use are left out. */
  readonly events: readonly EventsAt[]
}

export interface UserEvent {
  readonly type: 'user-event'
  readonly ltime: bigint
  readonly name: string
  readonly payload: Uint8Array
  /** Whether a newer event of this name makes this one superfluous. */
  readonly coalesce: boolean
}

/** What a caller gives of an event. */
export type UserEventContent = Pick<UserEvent, 'name' | 'payload' | 'coalesce'>

export interface Query {
  readonly type: 'query'
  readonly ltime: bigint
  /** Chosen at random by the asker. Unsigned 32 bits. */
  readonly id: number
  /** Where answers go: 4 or 16 bytes. */
  readonly addr: Uint8Array
  readonly port: number
  /** Name of the asker. */
  readonly sourceNode: string
  /** Who is meant: each one encoded by itself, all must match. */
  readonly filters: readonly Uint8Array[]
  /** Of {@link QueryFlag}. */
  readonly flags: number
  /** Through how many others each answer is sent as well. */
  readonly relayFactor: number
  readonly timeoutNanos: bigint
  readonly name: string
  readonly payload: Uint8Array
}

/** What of a query its answers need. */
export type Answerable = Pick<
  Query,
  'ltime' | 'id' | 'addr' | 'port' | 'sourceNode' | 'relayFactor'
>

/** What a caller asks. */
export interface QueryContent {
  readonly name: string
  readonly payload: Uint8Array
  /** As they are sent. */
  readonly filters: readonly Uint8Array[]
  /** Whether whoever is meant says at once that it got the query. */
  readonly requestAck: boolean
  /** Through how many others each answer is sent as well: 0 to 255. */
  readonly relayFactor: number
  /** `undefined` for one that suits the size of the cluster. */
  readonly timeoutMs: Millis | undefined
}

export interface QueryResponse {
  readonly type: 'query-response'
  /** Those of the query. */
  readonly ltime: bigint
  readonly id: number
  readonly from: string
  /** Of {@link QueryFlag}. */
  readonly flags: number
  readonly payload: Uint8Array
}

/** How one member knows another, told to settle who owns a name. */
export interface KnownMember {
  readonly name: string
  /** 4 or 16 bytes. */
  readonly addr: Uint8Array
  readonly port: number
  readonly tags: Readonly<Record<string, string>>
  /** 0 none, 1 alive, 2 leaving, 3 left, 4 failed. */
  readonly status: number
  readonly versions: Versions
}

export interface ConflictResponse {
  readonly type: 'conflict-response'
  /** `undefined` when there is no member of that name. */
  readonly member: KnownMember | undefined
}

export interface KeyRequest {
  readonly type: 'key-request'
  /** Empty where none is needed. */
  readonly key: Uint8Array
}

export interface KeyResponse {
  readonly type: 'key-response'
  readonly result: boolean
  readonly message: string
  /** In base64. */
  readonly keys: readonly string[]
  /** In base64. */
  readonly primaryKey: string
}

/** Please pass `inner` on to somebody. */
export interface Relay {
  readonly type: 'relay'
  /** 4 or 16 bytes. */
  readonly addr: Uint8Array
  readonly port: number
  /** Of a link-local IPv6 address; mostly empty. */
  readonly zone: string
  /** Name of the receiver. */
  readonly node: string
  /** A whole Serf message. */
  readonly inner: Uint8Array
}

export type SerfMessage =
  | LeaveIntent
  | JoinIntent
  | UserState
  | UserEvent
  | Query
  | QueryResponse
  | ConflictResponse
  | KeyRequest
  | KeyResponse
  | Relay
