import {
  bin,
  bool,
  float64,
  int,
  int64,
  list,
  nilable,
  str,
  struct,
  textMap,
  uint16,
  uint64,
  uint8,
  type Codec,
} from '../codec/msgpack.ts'
import { lenientText, textPairs, words } from './loose-text.ts'

// The whole vocabulary of the RPC of a Serf agent, version 1, for both ends. Fields have the names
// that travel. A request is a header and, for most commands, one body; an answer likewise; three
// commands go on with records under the same number.
//
// Read with limits, so that a peer that lies about counts is found out: 65,536 members, 4,096 pairs
// in a map.

/** The version that a handshake names. */
export const RPC_VERSION = 1

/** Where an agent listens unless told otherwise. */
export const DEFAULT_RPC_PORT = 7_373

const MEMBERS_MAX = 65_536
const PAIRS_MAX = 4_096
const NAMES_MAX = 65_536
/** Of a coordinate; Serf has 8. */
const DIMENSIONS_MAX = 64

/** Words of the agent that a client goes by. */
export const RpcErrorText = {
  /** Not followed by a body, whatever the command. */
  authenticationRequired: 'Authentication required',
  /** Not followed by a body; then the agent closes. */
  handshakeRequired: 'Handshake required',
  unsupportedVersion: 'Unsupported IPC version',
  invalidToken: 'Invalid authentication token',
  /** Not followed by a body; then the agent closes. */
  unsupportedCommand: 'Unsupported command',
} as const

/** Begins every request. */
export interface RequestHeader {
  readonly Command: string
  /** Chosen by the client, and echoed. */
  readonly Seq: bigint
}

/** Begins every answer, and every record of a stream. */
export interface AnswerHeader {
  /** Empty for success. */
  readonly Error: string
  readonly Seq: bigint
}

export const REQUEST_HEADER: Codec<RequestHeader> = struct({ Command: words, Seq: uint64 })
export const ANSWER_HEADER: Codec<AnswerHeader> = struct({ Error: words, Seq: uint64 })

type TextByText = ReadonlyMap<string, string>

/** A member as the agent tells of it. */
export interface MemberBody {
  /** 4 or 16 bytes. */
  readonly Addr: Uint8Array
  readonly DelegateCur: number
  readonly DelegateMax: number
  readonly DelegateMin: number
  /** `undefined` where it is no UTF-8. */
  readonly Name: string | undefined
  readonly Port: number
  readonly ProtocolCur: number
  readonly ProtocolMax: number
  readonly ProtocolMin: number
  /** none, alive, leaving, left or failed. */
  readonly Status: string
  readonly Tags: TextByText
}

export const MEMBER: Codec<MemberBody> = struct({
  Addr: bin,
  DelegateCur: uint8,
  DelegateMax: uint8,
  DelegateMin: uint8,
  Name: lenientText,
  Port: uint16,
  ProtocolCur: uint8,
  ProtocolMax: uint8,
  ProtocolMin: uint8,
  Status: words,
  Tags: textPairs(PAIRS_MAX),
})

export interface MembersBody {
  readonly Members: readonly MemberBody[]
}

export interface KeyBody {
  /** Base64. */
  readonly Key: string
}

/** What the members said to a command about keys. */
export interface KeysBody {
  /** How many members have each key; only `list-keys` fills it in. */
  readonly Keys: ReadonlyMap<string, number> | undefined
  /** What members had to say, by name. */
  readonly Messages: TextByText
  readonly NumErr: number
  readonly NumNodes: number
  readonly NumResp: number
}

export interface CoordinateBody {
  readonly Adjustment: number
  readonly Error: number
  readonly Height: number
  readonly Vec: readonly number[] | undefined
}

/** The bodies of requests, by command; `undefined` where there is none. */
export interface RpcRequests {
  readonly handshake: { readonly Version: number }
  readonly auth: { readonly AuthKey: string }
  readonly event: {
    readonly Name: string
    readonly Payload: Uint8Array
    readonly Coalesce: boolean
  }
  readonly 'force-leave': { readonly Node: string; readonly Prune: boolean }
  readonly join: { readonly Existing: readonly string[]; readonly Replay: boolean }
  readonly members: undefined
  /** Regular expressions, as Go has them; an empty text stands for any. */
  readonly 'members-filtered': {
    readonly Tags: TextByText
    readonly Status: string
    readonly Name: string
  }
  /** Types of events, separated by commas. */
  readonly stream: { readonly Type: string }
  readonly monitor: { readonly LogLevel: string }
  /** The number of the stream to stop. */
  readonly stop: { readonly Stop: bigint }
  readonly leave: undefined
  readonly 'install-key': KeyBody
  readonly 'use-key': KeyBody
  readonly 'remove-key': KeyBody
  readonly 'list-keys': undefined
  readonly tags: { readonly Tags: TextByText; readonly DeleteTags: readonly string[] }
  readonly query: {
    readonly FilterNodes: readonly string[]
    readonly FilterTags: TextByText
    readonly RequestAck: boolean
    readonly RelayFactor: number
    /** Nanoseconds; 0 leaves it to the agent. */
    readonly Timeout: bigint
    readonly Name: string
    readonly Payload: Uint8Array
  }
  readonly respond: { readonly ID: bigint; readonly Payload: Uint8Array }
  readonly stats: undefined
  readonly 'get-coordinate': { readonly Node: string }
}

export type RpcCommand = keyof RpcRequests

/** The bodies of answers, by command, for those that have one. */
export interface RpcAnswers {
  readonly join: { readonly Num: number }
  readonly members: MembersBody
  readonly 'members-filtered': MembersBody
  readonly 'install-key': KeysBody
  readonly 'use-key': KeysBody
  readonly 'remove-key': KeysBody
  readonly 'list-keys': KeysBody
  readonly stats: ReadonlyMap<string, TextByText>
  readonly 'get-coordinate': { readonly Coord: CoordinateBody; readonly Ok: boolean }
}

/** One of the records that a `stream` gives; which fields it has depends on `Event`. */
export interface EventRecord {
  /** member-join, member-leave, member-failed, member-update, member-reap, user or query. */
  readonly Event: string
  /** Of members. */
  readonly Members: readonly MemberBody[]
  /** Of a user event or a query. */
  readonly LTime: bigint
  readonly Name: string
  readonly Payload: Uint8Array
  /** Of a user event. */
  readonly Coalesce: boolean
  /** Of a query: what a `respond` on this connection names. */
  readonly ID: bigint
}

export interface QueryRecord {
  /** ack, response or done. */
  readonly Type: string
  readonly From: string
  readonly Payload: Uint8Array
}

/** What records say, by the command that opened the stream. */
export interface RpcRecords {
  readonly stream: EventRecord
  readonly monitor: { readonly Log: string }
  readonly query: QueryRecord
}

const KEY: Codec<KeyBody> = struct({ Key: str })

const KEYS: Codec<KeysBody> = struct({
  Keys: nilable(textMap(int, PAIRS_MAX, str)),
  Messages: textPairs(MEMBERS_MAX),
  NumErr: int,
  NumNodes: int,
  NumResp: int,
})

const MEMBERS: Codec<MembersBody> = struct({ Members: list(MEMBER, MEMBERS_MAX) })

const COORDINATE: Codec<CoordinateBody> = struct({
  Adjustment: float64,
  Error: float64,
  Height: float64,
  Vec: nilable(list(float64, DIMENSIONS_MAX)),
})

/** How bodies of requests are written and read. */
export const REQUESTS: {
  readonly [C in RpcCommand]: RpcRequests[C] extends undefined ? undefined : Codec<RpcRequests[C]>
} = {
  handshake: struct({ Version: int }),
  auth: struct({ AuthKey: str }),
  event: struct({ Name: str, Payload: bin, Coalesce: bool }),
  'force-leave': struct({ Node: str, Prune: bool }),
  join: struct({ Existing: list(str, NAMES_MAX), Replay: bool }),
  members: undefined,
  'members-filtered': struct({ Tags: textPairs(PAIRS_MAX), Status: str, Name: str }),
  stream: struct({ Type: str }),
  monitor: struct({ LogLevel: str }),
  stop: struct({ Stop: uint64 }),
  leave: undefined,
  'install-key': KEY,
  'use-key': KEY,
  'remove-key': KEY,
  'list-keys': undefined,
  tags: struct({ Tags: textPairs(PAIRS_MAX), DeleteTags: list(str, PAIRS_MAX) }),
  query: struct({
    FilterNodes: list(str, NAMES_MAX),
    FilterTags: textPairs(PAIRS_MAX),
    RequestAck: bool,
    RelayFactor: uint8,
    Timeout: int64,
    Name: str,
    Payload: bin,
  }),
  respond: struct({ ID: uint64, Payload: bin }),
  stats: undefined,
  'get-coordinate': struct({ Node: str }),
}

/** How bodies of answers are written and read. Such a body comes even where there is an error. */
export const ANSWERS: { readonly [C in keyof RpcAnswers]: Codec<RpcAnswers[C]> } = {
  join: struct({ Num: int }),
  members: MEMBERS,
  'members-filtered': MEMBERS,
  'install-key': KEYS,
  'use-key': KEYS,
  'remove-key': KEYS,
  'list-keys': KEYS,
  stats: textMap(textPairs(PAIRS_MAX), PAIRS_MAX, words),
  'get-coordinate': struct({ Coord: COORDINATE, Ok: bool }),
}

/** How records are read; an event is written with the one in {@link EVENT_RECORDS} for its type. */
export const RECORDS: { readonly [C in keyof RpcRecords]: Codec<RpcRecords[C]> } = {
  stream: struct({
    Event: words,
    Members: list(MEMBER, MEMBERS_MAX),
    LTime: uint64,
    Name: words,
    Payload: bin,
    Coalesce: bool,
    ID: uint64,
  }),
  monitor: struct({ Log: words }),
  query: struct({ Type: words, From: words, Payload: bin }),
}

/** The records of a `stream`, each with the fields it has on the wire. */
export const EVENT_RECORDS: {
  readonly member: Codec<Pick<EventRecord, 'Event' | 'Members'>>
  readonly user: Codec<Pick<EventRecord, 'Event' | 'LTime' | 'Name' | 'Payload' | 'Coalesce'>>
  readonly query: Codec<Pick<EventRecord, 'Event' | 'ID' | 'LTime' | 'Name' | 'Payload'>>
} = {
  member: struct({ Event: str, Members: list(MEMBER, MEMBERS_MAX) }),
  user: struct({ Event: str, LTime: uint64, Name: str, Payload: bin, Coalesce: bool }),
  query: struct({ Event: str, ID: uint64, LTime: uint64, Name: str, Payload: bin }),
}

/** Whether there is a command of that name. */
export function isRpcCommand(name: string): name is RpcCommand {
  return Object.hasOwn(REQUESTS, name)
}

/** How the body of an answer to `command` is read, if there is one. */
export function answerCodec(command: RpcCommand): Codec<unknown> | undefined {
  return (ANSWERS as Partial<Record<RpcCommand, Codec<unknown>>>)[command]
}

/** How records that follow the answer to `command` are read, if any follow. */
export function recordCodec(command: RpcCommand): Codec<unknown> | undefined {
  return (RECORDS as Partial<Record<RpcCommand, Codec<unknown>>>)[command]
}
