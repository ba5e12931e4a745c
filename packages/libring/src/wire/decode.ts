import { NO_BYTES, utf8Length } from '../base/bytes.ts'
import type { Codec } from '../codec/msgpack.ts'
import { Reader } from '../codec/reader.ts'
import {
  ACCUSATION,
  ACK,
  ALIVE,
  INDIRECT_PING,
  NACK,
  NAME_BYTES_MAX,
  PING,
  WIRE_STATES,
  type AccusationBody,
  type AliveBody,
  type IndirectPingBody,
  type NodeStateBody,
  type PingBody,
  type SourceFields,
} from './bodies.ts'
import { MessageType } from './message-type.ts'
import type {
  Alive,
  Dead,
  IndirectPing,
  NodeState,
  PacketMessage,
  Ping,
  ReplyTo,
  Suspect,
  Versions,
  WireFault,
} from './messages.ts'

/** Longest meta of a member, the limit memberlist puts on its own. */
export const META_BYTES_MAX = 512

const VERSIONS_BYTES = 6

/**
 * The message that begins with its type byte and has no wrapper around it, or why not. Bytes
 * after its body are ignored. Payloads, and address and meta of a claim, are views of `bytes`:
 * most claims have been heard before, and whoever keeps one copies it.
 */
export function decodeMessage(bytes: Uint8Array): PacketMessage | WireFault {
  const reader = new Reader(bytes)
  if (reader.remaining === 0) return 'empty'
  switch (reader.uint8()) {
    case MessageType.ping:
      return body(reader, PING, pingOf)
    case MessageType.indirectPing:
      return body(reader, INDIRECT_PING, indirectPingOf)
    case MessageType.ack:
      return body(reader, ACK, ({ SeqNo, Payload }) => {
        return { type: 'ack', seq: SeqNo, payload: Payload }
      })
    case MessageType.nack:
      return body(reader, NACK, ({ SeqNo }) => ({ type: 'nack', seq: SeqNo }))
    case MessageType.suspect:
      return body(reader, ACCUSATION, (accusation) => accusationOf('suspect', accusation))
    case MessageType.dead:
      return body(reader, ACCUSATION, (accusation) => accusationOf('dead', accusation))
    case MessageType.alive:
      return body(reader, ALIVE, aliveOf)
    case MessageType.user:
      return { type: 'user', payload: reader.view(reader.remaining) }
    default:
      return 'unknown-type'
  }
}

/** Read a body and turn it into what it means. */
function body<Body, Message>(
  reader: Reader,
  codec: Codec<Body>,
  meaning: (body: Body) => Message | WireFault,
): Message | WireFault {
  const value = codec.read(reader)
  return reader.fault ?? meaning(value)
}

export function pingOf(body: PingBody): Ping | WireFault {
  if (!isNameOrEmpty(body.Node)) return 'malformed'
  const replyTo = replyToOf(body)
  if (typeof replyTo === 'string') return replyTo
  return { type: 'ping', seq: body.SeqNo, node: body.Node, replyTo }
}

/** One row of the table that a push/pull carries. A copy, as the bytes of a stream do not stay. */
export function nodeStateOf(body: NodeStateBody): NodeState | WireFault {
  const state = WIRE_STATES[body.State]
  const { Name: name = '' } = body
  if (state === undefined || !isName(name) || !isIp(body.Addr)) return 'malformed'
  if (body.Meta.length > META_BYTES_MAX) return 'too-large'
  return {
    name,
    addr: copyOf(body.Addr),
    port: body.Port,
    meta: copyOf(body.Meta),
    incarnation: body.Incarnation,
    state,
    versions: versionsOf(body.Vsn),
  }
}

function indirectPingOf(body: IndirectPingBody): IndirectPing | WireFault {
  if (!isNameOrEmpty(body.Node) || !isIp(body.Target)) return 'malformed'
  const replyTo = replyToOf(body)
  if (typeof replyTo === 'string') return replyTo
  return {
    type: 'indirect-ping',
    seq: body.SeqNo,
    target: copyOf(body.Target),
    port: body.Port,
    node: body.Node,
    nack: body.Nack,
    replyTo,
  }
}

function accusationOf(type: 'suspect' | 'dead', body: AccusationBody): Suspect | Dead | WireFault {
  if (!isName(body.Node) || !isName(body.From)) return 'malformed'
  return { type, incarnation: body.Incarnation, node: body.Node, from: body.From }
}

function aliveOf(body: AliveBody): Alive | WireFault {
  if (!isName(body.Node) || !isIp(body.Addr)) return 'malformed'
  if (body.Meta.length > META_BYTES_MAX) return 'too-large'
  return {
    type: 'alive',
    incarnation: body.Incarnation,
    node: body.Node,
    addr: body.Addr,
    port: body.Port,
    meta: body.Meta,
    versions: versionsOf(body.Vsn),
  }
}

/** Where to answer, when the sender gave both an address and a port. */
function replyToOf(body: SourceFields): ReplyTo | undefined | 'malformed' {
  const { SourceAddr, SourcePort, SourceNode } = body
  if (!isNameOrEmpty(SourceNode)) return 'malformed'
  if (SourceAddr.length === 0) return undefined
  if (!isIp(SourceAddr)) return 'malformed'
  if (SourcePort === 0) return undefined
  return { addr: copyOf(SourceAddr), port: SourcePort, node: SourceNode }
}

function isIp(bytes: Uint8Array): boolean {
  return bytes.length === 4 || bytes.length === 16
}

function isName(text: string): boolean {
  return text !== '' && isNameOrEmpty(text)
}

function isNameOrEmpty(text: string): boolean {
  return text.length <= NAME_BYTES_MAX && utf8Length(text) <= NAME_BYTES_MAX
}

/** Six bytes or none: peers have crashed on fewer, so fewer count as none. More are cut. */
function versionsOf(bytes: Uint8Array): Versions | undefined {
  if (bytes.length < VERSIONS_BYTES) return undefined
  return [bytes[0]!, bytes[1]!, bytes[2]!, bytes[3]!, bytes[4]!, bytes[5]!]
}

function copyOf(bytes: Uint8Array): Uint8Array {
  return bytes.length === 0 ? NO_BYTES : new Uint8Array(bytes)
}
