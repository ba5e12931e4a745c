import { expect, test } from 'vitest'
import { encodeMessage } from '../../../packages/libring/src/wire/encode.ts'
import { newMessageTally, tallyMessage } from '../../../packages/libring/src/wire/message-tally.ts'
import type { PacketMessage } from '../../../packages/libring/src/wire/messages.ts'
import { openPacket, packPacket } from '../../../packages/libring/src/wire/packet.ts'

const one = Uint8Array.of(127, 0, 0, 1)
const accusation = { incarnation: 1, node: 'ann', from: 'bob' } as const
const EACH: readonly PacketMessage[] = [
  { type: 'ping', seq: 1, node: 'ann', replyTo: undefined },
  {
    ...{ type: 'indirect-ping', seq: 1, target: one, port: 1, node: 'ann', nack: true },
    replyTo: undefined,
  },
  { type: 'ack', seq: 1, payload: one },
  { type: 'nack', seq: 1 },
  { type: 'suspect', ...accusation },
  {
    ...{ type: 'alive', incarnation: 1, node: 'ann', addr: one, port: 1, meta: one },
    versions: [1, 5, 2, 2, 5, 5],
  },
  { type: 'dead', ...accusation },
  { type: 'user', payload: one },
]

test.each(EACH)('$type is counted by its name, with its bytes', (message) => {
  const tally = newMessageTally()
  const bytes = encodeMessage(message)
  tallyMessage(tally, bytes)
  expect(tally.messages).toEqual({ ...newMessageTally().messages, [message.type]: 1 })
  expect(tally.bytes).toEqual({ ...newMessageTally().bytes, [message.type]: bytes.length })
})

test('what is no message of a packet is not counted', () => {
  const tally = newMessageTally()
  for (const bytes of [new Uint8Array(0), Uint8Array.of(7, 1), Uint8Array.of(255)]) {
    tallyMessage(tally, bytes)
  }
  expect(tally).toEqual(newMessageTally())
})

test('of a packet each message counts as it is inside all wrappers, and none that cannot be read', () => {
  const tally = newMessageTally()
  const parts = EACH.map(encodeMessage)
  const broken = Uint8Array.of(0, 0xc1)
  openPacket(packPacket([...parts, broken], { compression: true, checksum: true }), tally)
  const bytes = parts.reduce((sum, part) => sum + part.length, 0)
  expect(new Set(Object.values(tally.messages))).toEqual(new Set([1]))
  expect(Object.values(tally.bytes).reduce((sum, each) => sum + each, 0)).toBe(bytes)
})
