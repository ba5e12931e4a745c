import type {
  NodeState,
  PacketMessage,
  ReplyTo,
  Versions,
} from '../../packages/libring/src/wire/messages.ts'
import { bytesOf } from './vectors.ts'

type VectorBytes = string | readonly number[] | null

/** Fields of memberlist's messages as the golden vectors write them. */
export interface VectorFields {
  readonly SeqNo: number
  readonly Node: string
  readonly SourceAddr?: VectorBytes
  readonly SourcePort: number
  readonly SourceNode: string
  readonly Target: VectorBytes
  readonly Port: number
  readonly Nack: boolean
  readonly Payload: VectorBytes
  readonly Incarnation: number
  readonly From: string
  readonly Addr: VectorBytes
  readonly Meta: VectorBytes
  readonly Vsn: VectorBytes
  readonly Name: string
  readonly State: number
}

/** The message of a type by memberlist's name for it, from the fields of a vector. */
export function messageOf(type: string, fields: VectorFields): PacketMessage {
  const { SeqNo: seq, Node: node, Incarnation: incarnation, Port: port } = fields
  switch (type) {
    case 'ping':
      return { type: 'ping', seq, node, replyTo: replyToOf(fields) }
    case 'indirectPing': {
      const target = bytesOf(fields.Target)
      const replyTo = replyToOf(fields)
      return { type: 'indirect-ping', seq, target, port, node, nack: fields.Nack, replyTo }
    }
    case 'ackResp':
      return { type: 'ack', seq, payload: bytesOf(fields.Payload) }
    case 'nackResp':
      return { type: 'nack', seq }
    case 'suspect':
    case 'dead':
      return { type, incarnation, node, from: fields.From }
    case 'alive': {
      const { Addr, Meta, Vsn } = fields
      const addr = bytesOf(Addr)
      return {
        type: 'alive',
        incarnation,
        node,
        addr,
        port,
        meta: bytesOf(Meta),
        versions: versionsOf(Vsn),
      }
    }
    default:
      throw new Error(`no message in a packet: ${type}`)
  }
}

const STATES = ['alive', 'suspect', 'dead', 'left'] as const

/** A row of a push/pull from the fields of a vector. */
export function nodeStateOf(fields: VectorFields): NodeState {
  return {
    name: fields.Name,
    addr: bytesOf(fields.Addr),
    port: fields.Port,
    meta: bytesOf(fields.Meta),
    incarnation: fields.Incarnation,
    state: STATES[fields.State]!,
    versions: versionsOf(fields.Vsn),
  }
}

function versionsOf(value: VectorBytes): Versions {
  return [...bytesOf(value)] as unknown as Versions
}

function replyToOf({ SourceAddr, SourcePort, SourceNode }: VectorFields): ReplyTo | undefined {
  if (SourceAddr === undefined) return undefined
  return { addr: bytesOf(SourceAddr), port: SourcePort, node: SourceNode }
}
