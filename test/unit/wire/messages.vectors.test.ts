import { describe, expect, test } from 'vitest'
import { encodeMessage } from '../../../packages/libring/src/wire/encode.ts'
import type {
  PacketMessage,
  ReplyTo,
  Versions,
} from '../../../packages/libring/src/wire/messages.ts'
import { openPacket } from '../../../packages/libring/src/wire/packet.ts'
import { StreamDecoder } from '../../../packages/libring/src/wire/stream.ts'
import { bytesOf, hex, serfVectors } from '../../support/vectors.ts'

// What memberlist 0.2.2 wrote, message by message, with the fields it was given.

interface MessageVector {
  readonly name: string
  readonly type: number
  readonly hex: string
  readonly fields: Readonly<Record<string, unknown>>
}

const { vectors } = serfVectors<{ vectors: MessageVector[] }>('memberlist-messages.json')
const packetVectors = vectors.filter(({ type }) => type !== 13)

function replyToOf(fields: Readonly<Record<string, unknown>>): ReplyTo | undefined {
  if (fields['SourceAddr'] === undefined) return undefined
  return {
    addr: bytesOf(fields['SourceAddr']),
    port: fields['SourcePort'] as number,
    node: fields['SourceNode'] as string,
  }
}

function expected({ type, fields }: MessageVector): PacketMessage {
  const seq = fields['SeqNo'] as number
  const node = fields['Node'] as string
  const incarnation = fields['Incarnation'] as number
  const port = fields['Port'] as number
  const from = fields['From'] as string
  switch (type) {
    case 0:
      return { type: 'ping', seq, node, replyTo: replyToOf(fields) }
    case 1:
      return {
        type: 'indirect-ping',
        seq,
        target: bytesOf(fields['Target']),
        port,
        node,
        nack: fields['Nack'] as boolean,
        replyTo: replyToOf(fields),
      }
    case 2:
      return { type: 'ack', seq, payload: bytesOf(fields['Payload']) }
    case 3:
      return { type: 'suspect', incarnation, node, from }
    case 4:
      return {
        type: 'alive',
        incarnation,
        node,
        addr: bytesOf(fields['Addr']),
        port,
        meta: bytesOf(fields['Meta']),
        versions: fields['Vsn'] as unknown as Versions,
      }
    case 5:
      return { type: 'dead', incarnation, node, from }
    case 11:
      return { type: 'nack', seq }
    default:
      throw new Error(`no such message in a packet: ${type}`)
  }
}

describe('every message that memberlist wrote', () => {
  test.each(packetVectors)('$name is read', (vector) => {
    expect(openPacket(hex(vector.hex))).toMatchObject({ messages: [expected(vector)], faults: [] })
  })

  // Go tells an empty payload from none; we have one kind of nothing and write it as none.
  const written = packetVectors.filter(({ name }) => name !== 'ackResp empty payload')
  test.each(written)('$name is written the same to the byte', (vector) => {
    expect(encodeMessage(expected(vector))).toEqual(hex(vector.hex))
  })

  test('an error is read from a stream', () => {
    const vector = vectors.find(({ type }) => type === 13)!
    expect(new StreamDecoder().push(hex(vector.hex))).toEqual({
      status: 'message',
      message: { type: 'error', reason: 'boom' },
    })
  })
})
