import { NO_BYTES } from '../base/bytes.ts'
import { encode } from '../codec/msgpack.ts'
import { Writer } from '../codec/writer.ts'
import {
  ACCUSATION,
  ACK,
  ALIVE,
  ERROR,
  INDIRECT_PING,
  NACK,
  NODE_STATE,
  PING,
  PUSH_PULL_HEADER,
  USER_HEADER,
  WIRE_STATES,
  type NodeStateBody,
  type SourceFields,
} from './bodies.ts'
import { MessageType } from './message-type.ts'
import type {
  Alive,
  NodeState,
  PacketMessage,
  PushPull,
  ReplyTo,
  StreamMessage,
  UserMessage,
} from './messages.ts'

const NO_VERSIONS = new Uint8Array(6)

/**
 * Type byte and body, as they stand in a datagram or a part of a compound: the same bytes that
 * memberlist makes. Empty payloads and meta become nil, unknown versions of `alive` too.
 */
export function encodeMessage(message: PacketMessage): Uint8Array {
  switch (message.type) {
    case 'ping': {
      const { seq, node, replyTo } = message
      return encode(PING, { SeqNo: seq, Node: node, ...sourceOf(replyTo) }, MessageType.ping)
    }
    case 'indirect-ping': {
      const { seq, target, port, node, nack, replyTo } = message
      const body = { SeqNo: seq, Target: target, Port: port, Node: node, Nack: nack }
      return encode(INDIRECT_PING, { ...body, ...sourceOf(replyTo) }, MessageType.indirectPing)
    }
    case 'ack':
      return encode(ACK, { SeqNo: message.seq, Payload: message.payload }, MessageType.ack)
    case 'nack':
      return encode(NACK, { SeqNo: message.seq }, MessageType.nack)
    case 'suspect':
    case 'dead': {
      const { type, incarnation, node, from } = message
      return encode(
        ACCUSATION,
        { Incarnation: incarnation, Node: node, From: from },
        MessageType[type],
      )
    }
    case 'alive':
      return encodeAlive(message)
    case 'user':
      return encodeUser(message)
  }
}

/**
 * Type byte and body, as they stand in a stream. A member whose versions are unknown gets
 * six zeros, as in memberlist; its peers crash on fewer and refuse the exchange on these.
 */
export function encodeStreamMessage(message: StreamMessage): Uint8Array {
  switch (message.type) {
    case 'ping':
    case 'ack':
      return encodeMessage(message)
    case 'error':
      return encode(ERROR, { Error: message.reason }, MessageType.error)
    case 'user': {
      const writer = new Writer(message.payload.length + 32)
      writer.uint8(MessageType.user)
      USER_HEADER.write(writer, { UserMsgLen: message.payload.length })
      writer.bytes(message.payload)
      return writer.finish()
    }
    case 'push-pull':
      return encodePushPull(message)
  }
}

function encodeAlive(message: Alive): Uint8Array {
  const { incarnation, node, addr, port, meta, versions } = message
  const body = {
    Incarnation: incarnation,
    Node: node,
    Addr: addr,
    Port: port,
    Meta: meta,
    Vsn: versions === undefined ? NO_BYTES : Uint8Array.from(versions),
  }
  return encode(ALIVE, body, MessageType.alive)
}

function encodeUser({ payload }: UserMessage): Uint8Array {
  const bytes = new Uint8Array(1 + payload.length)
  bytes[0] = MessageType.user
  bytes.set(payload, 1)
  return bytes
}

function encodePushPull({ join, nodes, userState }: PushPull): Uint8Array {
  const writer = new Writer(128 * nodes.length + userState.length + 64)
  writer.uint8(MessageType.pushPull)
  const header = { Nodes: nodes.length, UserStateLen: userState.length, Join: join }
  PUSH_PULL_HEADER.write(writer, header)
  for (const node of nodes) NODE_STATE.write(writer, nodeStateBody(node))
  writer.bytes(userState)
  return writer.finish()
}

function nodeStateBody(node: NodeState): NodeStateBody {
  return {
    Name: node.name,
    Addr: node.addr,
    Port: node.port,
    Meta: node.meta,
    Incarnation: node.incarnation,
    State: WIRE_STATES.indexOf(node.state),
    Vsn: node.versions === undefined ? NO_VERSIONS : Uint8Array.from(node.versions),
  }
}

function sourceOf(replyTo: ReplyTo | undefined): SourceFields {
  return {
    SourceAddr: replyTo?.addr ?? NO_BYTES,
    SourcePort: replyTo?.port ?? 0,
    SourceNode: replyTo?.node ?? '',
  }
}
