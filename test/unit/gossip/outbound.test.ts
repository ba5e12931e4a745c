import { expect, test } from 'vitest'
import type { Address } from '../../../packages/libring/src/base/address.ts'
import {
  OutboundStreams,
  type OutboundInput,
} from '../../../packages/libring/src/gossip/outbound.ts'
import type { StreamHandler, Transport } from '../../../packages/libring/src/ports/transport.ts'
import { SimClock } from '../../../packages/libring/src/sim/clock.ts'
import type { StreamMessage } from '../../../packages/libring/src/wire/messages.ts'
import { IN_CLEAR } from '../../../packages/libring/src/wire/security.ts'
import { encodeStream } from '../../../packages/libring/src/wire/stream.ts'
import { FakeStream } from '../../support/fake-stream.ts'

const to: Address = { host: '10.0.0.2', port: 7_946 }
const ack: StreamMessage = { type: 'ack', seq: 7, payload: new Uint8Array(0) }
const reply = encodeStream(ack, { compression: false })
const request = Uint8Array.of(0xab, 0xcd)

function setUp() {
  const clock = new SimClock()
  const fed: OutboundInput[] = []
  const dialled: { stream: FakeStream; handler: StreamHandler }[] = []
  const transport: Transport = {
    address: { host: '10.0.0.1', port: 7_946 },
    open: () => {},
    sendPacket: () => {},
    dial(peer, handler) {
      const stream = new FakeStream(peer)
      dialled.push({ stream, handler })
      return stream
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
  const feed = (input: OutboundInput) => void fed.push(input)
  const streams = new OutboundStreams({
    clock,
    transport,
    timeoutMs: 1_000,
    security: IN_CLEAR,
    feed,
  })
  const dial = (number = 1) => {
    streams.dial(number, to, request)
    return dialled.at(-1)!
  }
  return { clock, fed, streams, dial }
}

test('the request is written, and the stream stays open for the answer', () => {
  const { dial } = setUp()
  const { stream } = dial()
  expect([stream.peer, stream.calls]).toEqual([to, ['write abcd']])
})

test('the answer is handed on once it is whole, and the stream is done', () => {
  const { clock, fed, streams, dial } = setUp()
  const { stream, handler } = dial(5)
  for (const byte of reply) handler.onBytes(Uint8Array.of(byte))
  expect(fed).toEqual([{ type: 'reply', dial: 5, message: ack }])
  expect([stream.calls.at(-1), streams.size, clock.pending]).toEqual(['destroy', 0, 0])
})

test('what comes after the outcome is ignored', () => {
  const { clock, fed, dial } = setUp()
  const { handler } = dial()
  handler.onBytes(reply)
  handler.onBytes(reply)
  handler.onEnd()
  handler.onClosed(new Error('reset'))
  clock.runUntil(5_000)
  expect(fed).toHaveLength(1)
})

test.each<[string, (handler: StreamHandler, clock: SimClock) => void, string]>([
  [
    'cannot be connected',
    (handler) => handler.onClosed(new Error('connect ECONNREFUSED')),
    'connect ECONNREFUSED',
  ],
  [
    'is closed before the answer is whole',
    (handler) => {
      handler.onBytes(reply.subarray(0, 3))
      handler.onEnd()
    },
    'closed before the answer was whole',
  ],
  [
    'answers with something that is no message',
    (handler) => handler.onBytes(Uint8Array.of(0x63)),
    'an answer that is no message: unknown-type',
  ],
  ['does not answer', (_handler, clock) => clock.runUntil(1_000), 'no answer within 1000 ms'],
])('a stream that %s has failed, with the reason', (_what, happen, reason) => {
  const { clock, fed, streams, dial } = setUp()
  const { stream, handler } = dial(3)
  happen(handler, clock)
  expect(fed).toEqual([{ type: 'dial-failed', dial: 3, reason }])
  expect([stream.calls.at(-1), streams.size, clock.pending]).toEqual(['destroy', 0, 0])
})

test('an abandoned stream is dropped, and nothing is told of it', () => {
  const { clock, fed, streams, dial } = setUp()
  const { stream, handler } = dial()
  streams.abandon(1)
  streams.abandon(1)
  handler.onClosed(new Error('destroyed'))
  clock.runUntil(5_000)
  expect([fed, stream.calls]).toEqual([[], ['write abcd', 'destroy']])
})

test('closing all drops every stream without a word, and leaves no timer', () => {
  const { clock, fed, streams, dial } = setUp()
  const open = [dial(1), dial(2)]
  streams.closeAll()
  expect(open.map(({ stream }) => stream.calls.at(-1))).toEqual(['destroy', 'destroy'])
  expect([fed, streams.size, clock.pending]).toEqual([[], 0, 0])
})
