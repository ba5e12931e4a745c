import { concatBytes } from '../base/bytes.ts'
import {
  bool,
  bytes,
  bytesNeverNil,
  decode,
  encode,
  int,
  int64,
  list,
  nilable,
  struct,
  lenientText,
  textMap,
  textUpTo,
  uint16,
  uint32,
  uint64,
  uint8,
  type Codec,
} from '../codec/msgpack.ts'
import type { WireFault } from '../wire/messages.ts'
import { STREAM_NODES_MAX } from '../wire/stream.ts'
import { LTIME_LAST } from './lamport.ts'
import {
  SerfMessageType,
  type EventsAt,
  type KnownMember,
  type Query,
  type Relay,
  type SerfMessage,
  type UserState,
} from './messages.ts'

// Every message is its type byte and one struct, a relay with a whole message behind it. Fields
// stand here as Serf declares them, and are sorted when written.

/** Most members one push/pull may name: as many as it may list in its table. */
const NAMES_MAX = STREAM_NODES_MAX
/** Most slots of recent events in a push/pull. Serf's default is 512. */
const EVENT_SLOTS_MAX = 65_536
/** Most recent events in a push/pull, over all slots. */
const EVENTS_MAX = 65_536
const FILTERS_MAX = 1_024
const KEYS_MAX = 1_024
const TAGS_MAX = 65_536

/** Whatever is beyond the last time is of the last time. */
const ltime: Codec<bigint> = {
  ...uint64,
  read(reader) {
    const value = uint64.read(reader)
    return value < LTIME_LAST ? value : LTIME_LAST
  },
}

/** No message of Serf's but a push/pull is longer than a datagram, though a stream may carry one. */
const USER_MESSAGE_BYTES_MAX = 65_507

/** Names and other texts, in a push/pull too, which may be 20 MiB. */
const text = textUpTo(USER_MESSAGE_BYTES_MAX)

/**
 * What a push/pull tells of many members and events, each by itself: agents take any bytes for a name,
 * remember them and tell each other, and to refuse all of what an agent says for one of them would cut
 * us off from it.
 */
const toldText = lenientText(USER_MESSAGE_BYTES_MAX)

const LEAVE = struct({ LTime: ltime, Node: text, Prune: bool })
const JOIN = struct({ LTime: ltime, Node: text })
const EVENT = struct({ Name: toldText, Payload: bytes })
const EVENTS_AT = nilable(struct({ LTime: ltime, Events: list(EVENT, EVENTS_MAX) }))
const EVENT_SLOTS: Codec<readonly FieldsOf<typeof EVENTS_AT>[]> = {
  ...list(EVENTS_AT, EVENT_SLOTS_MAX),
  read(reader) {
    let eventsLeft = EVENTS_MAX
    const counted: typeof EVENTS_AT = {
      ...EVENTS_AT,
      read(reader) {
        const slot = EVENTS_AT.read(reader)
        eventsLeft -= slot?.Events.length ?? 0
        if (eventsLeft < 0) reader.fail('too-large')
        return slot
      },
    }
    return list(counted, EVENT_SLOTS_MAX).read(reader)
  },
}
const PUSH_PULL = struct({
  LTime: ltime,
  StatusLTimes: textMap(ltime, NAMES_MAX, toldText),
  LeftMembers: list(toldText, NAMES_MAX),
  EventLTime: ltime,
  Events: nilable(EVENT_SLOTS),
  QueryLTime: ltime,
})
const USER_EVENT = struct({ LTime: ltime, Name: text, Payload: bytes, CC: bool })
const QUERY = struct({
  LTime: ltime,
  ID: uint32,
  Addr: bytes,
  Port: uint16,
  SourceNode: text,
  Filters: nilable(list(bytesNeverNil, FILTERS_MAX)),
  Flags: uint32,
  RelayFactor: uint8,
  Timeout: int64,
  Name: text,
  Payload: bytes,
})
const QUERY_RESPONSE = struct({
  LTime: ltime,
  ID: uint32,
  From: text,
  Flags: uint32,
  Payload: bytes,
})
const KNOWN_MEMBER = struct({
  Name: text,
  Addr: bytes,
  Port: uint16,
  Tags: textMap(text, TAGS_MAX, text),
  Status: int,
  ProtocolMin: uint8,
  ProtocolMax: uint8,
  ProtocolCur: uint8,
  DelegateMin: uint8,
  DelegateMax: uint8,
  DelegateCur: uint8,
})
const CONFLICT_RESPONSE = nilable(KNOWN_MEMBER)
const KEY_REQUEST = struct({ Key: bytesNeverNil })
const KEY_RESPONSE = struct({
  Result: bool,
  Message: text,
  Keys: nilable(list(text, KEYS_MAX)),
  PrimaryKey: text,
})
const RELAY_HEADER = struct({
  DestAddr: struct({ IP: bytes, Port: int, Zone: text }),
  DestName: text,
})

/** What {@link decodeSerf} gives. */
export type DecodedSerf =
  | { readonly message: SerfMessage; readonly fault?: never }
  | { readonly fault: WireFault; readonly message?: never }

/** The message that another member sent by itself, in a packet or over a stream. */
export function decodeUserMessage(bytes: Uint8Array): DecodedSerf {
  return bytes.length > USER_MESSAGE_BYTES_MAX ? { fault: 'too-large' } : decodeSerf(bytes)
}

/** The bytes of a message, its type byte first. */
export function encodeSerf(message: SerfMessage): Uint8Array {
  switch (message.type) {
    case 'leave': {
      const { ltime: LTime, node: Node, prune: Prune } = message
      return encode(LEAVE, { LTime, Node, Prune }, SerfMessageType.leave)
    }
    case 'join': {
      const { ltime: LTime, node: Node } = message
      return encode(JOIN, { LTime, Node }, SerfMessageType.join)
    }
    case 'push-pull':
      return encode(PUSH_PULL, userStateFields(message), SerfMessageType.pushPull)
    case 'user-event': {
      const { ltime: LTime, name: Name, payload: Payload, coalesce: CC } = message
      return encode(USER_EVENT, { LTime, Name, Payload, CC }, SerfMessageType.userEvent)
    }
    case 'query':
      return encode(QUERY, queryFields(message), SerfMessageType.query)
    case 'query-response': {
      const { ltime: LTime, id: ID, from: From, flags: Flags, payload: Payload } = message
      const fields = { LTime, ID, From, Flags, Payload }
      return encode(QUERY_RESPONSE, fields, SerfMessageType.queryResponse)
    }
    case 'conflict-response': {
      const fields = message.member === undefined ? undefined : memberFields(message.member)
      return encode(CONFLICT_RESPONSE, fields, SerfMessageType.conflictResponse)
    }
    case 'key-request':
      return encode(KEY_REQUEST, { Key: message.key }, SerfMessageType.keyRequest)
    case 'key-response': {
      const { result: Result, message: Message, primaryKey: PrimaryKey } = message
      const fields = { Result, Message, Keys: orNil(message.keys), PrimaryKey }
      return encode(KEY_RESPONSE, fields, SerfMessageType.keyResponse)
    }
    case 'relay':
      return concatBytes([
        encode(RELAY_HEADER, relayFields(message), SerfMessageType.relay),
        message.inner,
      ])
  }
}

/**
 * The message in `payload`, type byte first. Bytes behind it are left alone, as Serf does. What
 * is bytes in the message is a view of `payload`. Never throws.
 */
export function decodeSerf(payload: Uint8Array): DecodedSerf {
  switch (payload[0]) {
    case undefined:
      return { fault: 'empty' }
    case SerfMessageType.leave:
      return body(LEAVE, payload, ({ LTime, Node, Prune }) => {
        return { type: 'leave', ltime: LTime, node: Node, prune: Prune }
      })
    case SerfMessageType.join:
      return body(JOIN, payload, ({ LTime, Node }) => {
        return { type: 'join', ltime: LTime, node: Node }
      })
    case SerfMessageType.pushPull:
      return body(PUSH_PULL, payload, userStateOf)
    case SerfMessageType.userEvent:
      return body(USER_EVENT, payload, ({ LTime, Name, Payload, CC }) => {
        return { type: 'user-event', ltime: LTime, name: Name, payload: Payload, coalesce: CC }
      })
    case SerfMessageType.query:
      return body(QUERY, payload, queryOf)
    case SerfMessageType.queryResponse:
      return body(QUERY_RESPONSE, payload, ({ LTime, ID, From, Flags, Payload }) => {
        const type = 'query-response'
        return { type, ltime: LTime, id: ID, from: From, flags: Flags, payload: Payload }
      })
    case SerfMessageType.conflictResponse:
      return body(CONFLICT_RESPONSE, payload, (fields) => {
        return { type: 'conflict-response', member: fields && knownMemberOf(fields) }
      })
    case SerfMessageType.keyRequest:
      return body(KEY_REQUEST, payload, ({ Key }) => ({ type: 'key-request', key: Key }))
    case SerfMessageType.keyResponse:
      return body(KEY_RESPONSE, payload, ({ Result, Message, Keys, PrimaryKey }) => {
        const type = 'key-response'
        return { type, result: Result, message: Message, keys: Keys ?? [], primaryKey: PrimaryKey }
      })
    case SerfMessageType.relay:
      return body(RELAY_HEADER, payload, (fields, end) => relayOf(fields, payload.subarray(end)))
    default:
      return { fault: 'unknown-type' }
  }
}

function body<T>(
  codec: Codec<T>,
  payload: Uint8Array,
  toMessage: (fields: T, end: number) => SerfMessage,
): DecodedSerf {
  const decoded = decode(codec, payload, 1)
  if (decoded.fault !== undefined) return { fault: decoded.fault }
  return { message: toMessage(decoded.value, decoded.end) }
}

/** Go writes a list that was never made as nil, and so do we an empty one. */
function orNil<T>(values: readonly T[]): readonly T[] | undefined {
  return values.length === 0 ? undefined : values
}

type FieldsOf<C> = C extends Codec<infer T> ? T : never

function userStateFields(state: UserState): FieldsOf<typeof PUSH_PULL> {
  return {
    LTime: state.ltime,
    StatusLTimes: state.statusLTimes,
    LeftMembers: state.leftMembers,
    EventLTime: state.eventLTime,
    Events: orNil(state.events.map(eventsAtFields)),
    QueryLTime: state.queryLTime,
  }
}

function userStateOf(fields: FieldsOf<typeof PUSH_PULL>): UserState {
  const used = (fields.Events ?? []).filter((slot) => slot !== undefined)
  return {
    type: 'push-pull',
    ltime: fields.LTime,
    eventLTime: fields.EventLTime,
    queryLTime: fields.QueryLTime,
    statusLTimes: fields.StatusLTimes,
    leftMembers: fields.LeftMembers.filter((name) => name !== undefined),
    events: used.map(eventsAtOf),
  }
}

type Slot = NonNullable<FieldsOf<typeof EVENTS_AT>>

function eventsAtFields({ ltime: LTime, events }: EventsAt): Slot {
  return {
    LTime,
    Events: events.map(({ name: Name, payload: Payload }) => ({ Name, Payload })),
  }
}

/** Without events whose name is no text, or that no packet can have carried: see {@link toldText}. */
function eventsAtOf({ LTime, Events }: Slot): EventsAt {
  const events = Events.flatMap(({ Name, Payload }) => {
    const isNone = Name === undefined || Payload.length > USER_MESSAGE_BYTES_MAX
    return isNone ? [] : [{ name: Name, payload: Payload }]
  })
  return { ltime: LTime, events }
}

function queryFields(query: Query): FieldsOf<typeof QUERY> {
  return {
    LTime: query.ltime,
    ID: query.id,
    Addr: query.addr,
    Port: query.port,
    SourceNode: query.sourceNode,
    Filters: orNil(query.filters),
    Flags: query.flags,
    RelayFactor: query.relayFactor,
    Timeout: query.timeoutNanos,
    Name: query.name,
    Payload: query.payload,
  }
}

function queryOf(fields: FieldsOf<typeof QUERY>): Query {
  return {
    type: 'query',
    ltime: fields.LTime,
    id: fields.ID,
    addr: fields.Addr,
    port: fields.Port,
    sourceNode: fields.SourceNode,
    filters: fields.Filters ?? [],
    flags: fields.Flags,
    relayFactor: fields.RelayFactor,
    timeoutNanos: fields.Timeout,
    name: fields.Name,
    payload: fields.Payload,
  }
}

function memberFields(member: KnownMember): FieldsOf<typeof KNOWN_MEMBER> {
  const [pMin, pMax, pCur, dMin, dMax, dCur] = member.versions
  return {
    Name: member.name,
    Addr: member.addr,
    Port: member.port,
    Tags: new Map(Object.entries(member.tags)),
    Status: member.status,
    ProtocolMin: pMin,
    ProtocolMax: pMax,
    ProtocolCur: pCur,
    DelegateMin: dMin,
    DelegateMax: dMax,
    DelegateCur: dCur,
  }
}

function knownMemberOf(fields: FieldsOf<typeof KNOWN_MEMBER>): KnownMember {
  const { ProtocolMin, ProtocolMax, ProtocolCur, DelegateMin, DelegateMax, DelegateCur } = fields
  return {
    name: fields.Name,
    addr: fields.Addr,
    port: fields.Port,
    tags: Object.fromEntries(fields.Tags),
    status: fields.Status,
    versions: [ProtocolMin, ProtocolMax, ProtocolCur, DelegateMin, DelegateMax, DelegateCur],
  }
}

function relayFields({ addr, port, zone, node }: Relay): FieldsOf<typeof RELAY_HEADER> {
  return { DestAddr: { IP: addr, Port: port, Zone: zone }, DestName: node }
}

function relayOf(fields: FieldsOf<typeof RELAY_HEADER>, inner: Uint8Array): Relay {
  const { IP, Port, Zone } = fields.DestAddr
  return { type: 'relay', addr: IP, port: Port, zone: Zone, node: fields.DestName, inner }
}
