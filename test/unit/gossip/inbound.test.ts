import { describe, expect, test } from 'vitest'
import { InboundStreams, type InboundInput } from '../../../packages/libring/src/gossip/inbound.ts'
import { concatBytes, fromHex } from '../../../packages/libring/src/base/bytes.ts'
import { encode } from '../../../packages/libring/src/codec/msgpack.ts'
import {
  NODE_STATE,
  PUSH_PULL_HEADER,
  type NodeStateBody,
} from '../../../packages/libring/src/wire/bodies.ts'
import { SimClock } from '../../../packages/libring/src/sim/clock.ts'
import type { StreamMessage } from '../../../packages/libring/src/wire/messages.ts'
import { IN_CLEAR } from '../../../packages/libring/src/wire/security.ts'
import { encodeStream } from '../../../packages/libring/src/wire/stream.ts'
import { FakeStream } from '../../support/fake-stream.ts'

const ping: StreamMessage = { type: 'ping', seq: 7, node: 'ann', replyTo: undefined }
const request = encodeStream(ping, { compression: false })
const answer = Uint8Array.of(0xab, 0xcd)

function setUp(onInput: (input: InboundInput, streams: InboundStreams) => void = () => {}) {
  const clock = new SimClock()
  const fed: InboundInput[] = []
  const streams: InboundStreams = new InboundStreams({
    clock,
    timeoutMs: 1_000,
    security: IN_CLEAR,
    feed(input) {
      fed.push(input)
      onInput(input, streams)
    },
  })
  const accept = () => {
    const stream = new FakeStream()
    return { stream, handler: streams.accept(stream) }
  }
  return { clock, fed, streams, accept }
}

test('a request is handed on once it is whole, however it is cut', () => {
  const { fed, accept } = setUp()
  const { handler } = accept()
  for (const byte of request.subarray(0, -1)) handler.onBytes(Uint8Array.of(byte))
  expect(fed).toEqual([])
  handler.onBytes(request.subarray(-1))
  expect(fed).toEqual([{ type: 'request', connection: 1, message: ping }])
})

test('each stream has a number of its own', () => {
  const { fed, accept } = setUp()
  const first = accept()
  const second = accept()
  second.handler.onBytes(request)
  first.handler.onBytes(request)
  expect(fed.map(({ connection }) => connection)).toEqual([2, 1])
})

test('the answer is written, and no more will come', () => {
  const { streams, accept } = setUp()
  const { stream, handler } = accept()
  handler.onBytes(request)
  streams.respond(1, answer)
  streams.respond(1, answer)
  expect(stream.calls).toEqual(['write abcd', 'end'])
})

test('where there is no answer, the stream is just closed', () => {
  const { accept } = setUp(({ connection }, streams) => streams.respond(connection, undefined))
  const { stream, handler } = accept()
  handler.onBytes(request)
  expect(stream.calls).toEqual(['end'])
})

test('a stream may be answered although the other end already said it was done', () => {
  const { streams, accept } = setUp()
  const { stream, handler } = accept()
  handler.onBytes(request)
  handler.onEnd()
  streams.respond(1, answer)
  expect(stream.calls).toEqual(['write abcd', 'end'])
})

test('bytes beyond the request are ignored', () => {
  const { fed, accept } = setUp()
  const { handler } = accept()
  handler.onBytes(request)
  handler.onBytes(request)
  expect(fed).toHaveLength(1)
})

describe('what is no request', () => {
  test('is told as a fault, which may be answered', () => {
    const { fed, streams, accept } = setUp()
    const { stream, handler } = accept()
    handler.onBytes(Uint8Array.of(0x63, 1, 2, 3))
    expect(fed).toEqual([{ type: 'request-fault', connection: 1, fault: 'unknown-type' }])
    streams.respond(1, answer)
    expect(stream.calls).toEqual(['write abcd', 'end'])
  })

  test('because it broke off, is told as truncated', () => {
    const { fed, accept } = setUp()
    const { handler } = accept()
    handler.onBytes(request.subarray(0, 5))
    handler.onEnd()
    expect(fed).toEqual([{ type: 'request-fault', connection: 1, fault: 'truncated' }])
  })

  test('because not one byte came, is nobody’s business', () => {
    const { fed, accept } = setUp()
    const { stream, handler } = accept()
    handler.onEnd()
    handler.onClosed(undefined)
    expect([fed, stream.calls]).toEqual([[], ['end']])
  })
})

describe('the deadline', () => {
  test('ends a stream that does not send its request', () => {
    const { clock, fed, streams, accept } = setUp()
    const { stream, handler } = accept()
    clock.runUntil(900)
    handler.onBytes(request.subarray(0, 3))
    clock.runUntil(1_000)
    expect([fed, stream.calls, streams.size, streams.timedOut]).toEqual([[], ['destroy'], 0, 1])
  })

  test('starts anew with the answer, and ends a stream whose other end stays', () => {
    const { clock, streams, accept } = setUp()
    const { stream, handler } = accept()
    clock.runUntil(900)
    handler.onBytes(request)
    streams.respond(1, answer)
    clock.runUntil(1_899)
    expect([stream.calls, streams.size]).toEqual([['write abcd', 'end'], 1])
    clock.runUntil(1_900)
    expect([stream.calls.at(-1), streams.size]).toEqual(['destroy', 0])
  })

  test('is called off when the stream is over', () => {
    const { clock, streams, accept } = setUp()
    const { handler } = accept()
    handler.onClosed(new Error('gone'))
    expect([streams.size, clock.pending]).toEqual([0, 0])
    streams.respond(1, answer)
    expect(clock.pending).toBe(0)
  })
})

describe('at most 128 streams are open at once: one more', () => {
  const half = request.subarray(0, 3)

  test('takes the place of the oldest that has not said a word', () => {
    const { fed, streams, accept } = setUp()
    const [talker, ...silent] = Array.from({ length: 128 }, accept)
    talker!.handler.onBytes(half)
    const { stream, handler } = accept()
    expect(silent.map(({ stream }) => stream.calls.length)).toEqual([
      1,
      ...silent.slice(1).map(() => 0),
    ])
    expect([stream.calls, streams.size, streams.refused]).toEqual([[], 128, 1])
    handler.onBytes(request)
    talker!.handler.onBytes(request.subarray(3))
    expect(fed.map(({ connection }) => connection)).toEqual([129, 1])
  })

  test('where all have spoken takes the place of the oldest that is not done', () => {
    const { accept } = setUp()
    const [first, second, ...others] = Array.from({ length: 128 }, accept)
    first!.handler.onBytes(request)
    for (const { handler } of [second!, ...others]) handler.onBytes(half)
    expect(accept().stream.calls).toEqual([])
    expect(first!.stream.calls).toEqual([])
    expect(second!.stream.calls).toEqual(['destroy'])
  })

  test('where all were answered takes the place of the oldest whose other end stays', () => {
    const { fed, streams, accept } = setUp(({ connection }, streams) => {
      streams.respond(connection, answer)
    })
    const rude = Array.from({ length: 128 }, accept)
    for (const { handler } of rude) handler.onBytes(Uint8Array.of(0x63))
    const honest = Array.from({ length: 3 }, () => {
      const accepted = accept()
      accepted.handler.onBytes(request)
      return accepted.stream
    })
    expect(fed.slice(128)).toMatchObject(honest.map(() => ({ type: 'request', message: ping })))
    expect(honest.map(({ calls }) => calls)).toEqual(honest.map(() => ['write abcd', 'end']))
    expect(rude.map(({ stream }) => stream.calls.at(-1))).toEqual([
      ...honest.map(() => 'destroy'),
      ...rude.slice(honest.length).map(() => 'end'),
    ])
    expect([streams.size, streams.refused]).toEqual([128, 3])
  })

  test('takes the place of whoever stays, be it still to ask or answered, by age alone', () => {
    const { streams, accept } = setUp()
    const [asked, half1, answered, half2, ...others] = Array.from({ length: 128 }, accept)
    for (const { handler } of [asked!, answered!, ...others]) handler.onBytes(request)
    for (const { handler } of [half1!, half2!]) handler.onBytes(half)
    streams.respond(3, answer)
    const gone = () => [asked, half1, answered, half2].map((open) => open!.stream.calls.at(-1))
    accept().handler.onBytes(request)
    expect(gone()).toEqual([undefined, 'destroy', 'end', undefined])
    accept().handler.onBytes(request)
    expect(gone()).toEqual([undefined, 'destroy', 'destroy', undefined])
  })

  test('where all wait for their answer is dropped without a word', () => {
    const { fed, streams, accept } = setUp()
    const open = Array.from({ length: 128 }, accept)
    for (const { handler } of open) handler.onBytes(request)
    const { stream, handler } = accept()
    handler.onBytes(request)
    handler.onEnd()
    handler.onClosed(undefined)
    expect([stream.calls, fed.length, streams.size]).toEqual([['destroy'], 128, 128])
    open[0]!.handler.onClosed(undefined)
    expect(accept().stream.calls).toEqual([])
  })
})

describe('requests that are not whole hold at most 64 MiB together', () => {
  // A push/pull that announces 20 MiB of user state and sends most of it.
  const head = encodeStream(
    { type: 'push-pull', join: false, nodes: [], userState: new Uint8Array(20_000_000) },
    { compression: false },
  ).subarray(0, -1)
  const destroyed = (open: ReturnType<ReturnType<typeof setUp>['accept']>[]) => {
    return open.map(({ stream }) => stream.calls.includes('destroy'))
  }

  test('one more takes the place of the one that has sent nothing for longest', () => {
    const { fed, streams, accept } = setUp()
    const big = Array.from({ length: 3 }, accept)
    for (const { handler } of big) handler.onBytes(head.subarray(0, -1))
    big[0]!.handler.onBytes(head.subarray(-1))
    const fourth = accept()
    fourth.handler.onBytes(head)
    expect([fed, destroyed([...big, fourth])]).toEqual([[], [false, true, false, false]])
    expect([streams.size, streams.refused]).toEqual([3, 1])
    // The last byte of the user state.
    fourth.handler.onBytes(Uint8Array.of(0))
    expect(fed).toMatchObject([{ type: 'request', connection: 4 }])
    accept().handler.onBytes(head)
    expect(destroyed(big)).toEqual([false, true, false])
  })

  test('none that waits with a lot keeps out who has little to say', () => {
    const { fed, accept } = setUp()
    const waiting = Array.from({ length: 3 }, accept)
    for (const { handler } of waiting) handler.onBytes(head)
    const filler = accept()
    filler.handler.onBytes(head.subarray(0, 67_108_864 - 3 * head.length))
    accept().handler.onBytes(request)
    expect(fed).toMatchObject([{ type: 'request', connection: 5, message: ping }])
    expect(destroyed([...waiting, filler])).toEqual([true, false, false, false])
  })

  test('one that is longer than all others together is refused, and they go on', () => {
    const { fed, accept } = setUp()
    const others = Array.from({ length: 2 }, accept)
    for (const { handler } of others) handler.onBytes(head.subarray(0, 15_000_000))
    const rows = Array<Uint8Array>(80_000).fill(fromHex('92a161a47f000001')!)
    const header = { Nodes: 131_072, UserStateLen: 0, Join: false }
    const long = accept()
    long.handler.onBytes(concatBytes([encode(PUSH_PULL_HEADER, header, 6), ...rows]))
    expect(fed).toEqual([{ type: 'request-fault', connection: 3, fault: 'too-large' }])
    for (const { handler } of others) handler.onBytes(head.subarray(15_000_000, -1))
    expect(destroyed(others)).toEqual([false, false])
  })
})

test('answers nobody has read hold at most 64 MiB together: one more ends the oldest', () => {
  const { streams } = setUp()
  const open = Array.from({ length: 6 }, () => {
    const stream = new FakeStream()
    // So much is not to be noted down.
    stream.write = () => {}
    return { stream, handler: streams.accept(stream) }
  })
  for (const { handler } of open) handler.onBytes(request)
  const ends = () => open.map(({ stream }) => stream.calls.at(-1))
  const mebibytes = (count: number) => new Uint8Array(count * 1_048_576)
  streams.respond(2, mebibytes(20))
  streams.respond(1, mebibytes(20))
  streams.respond(3, mebibytes(24))
  expect(ends()).toEqual(['end', 'end', 'end', undefined, undefined, undefined])
  streams.respond(4, mebibytes(10))
  expect(ends()).toEqual(['destroy', 'end', 'end', 'end', undefined, undefined])
  expect([streams.size, streams.refused]).toEqual([5, 1])

  // What was read, and closed, does not count; and what is longer than all goes out alone.
  open[1]!.handler.onClosed(undefined)
  streams.respond(5, mebibytes(30))
  expect(ends().slice(2)).toEqual(['end', 'end', 'end', undefined])
  streams.respond(6, mebibytes(65))
  expect(ends().slice(2)).toEqual(['destroy', 'destroy', 'destroy', 'end'])
  expect([streams.size, streams.refused]).toEqual([1, 4])
})

describe('members of requests that are not whole', () => {
  const begun = (count: number, row: Uint8Array) => {
    const header = { Nodes: 131_072, UserStateLen: 0, Join: false }
    return concatBytes([encode(PUSH_PULL_HEADER, header, 6), ...Array(count).fill(row)])
  }

  test('count 512 bytes each, though they came in eight', () => {
    const { fed, accept } = setUp()
    const hostile = begun(40_000, fromHex('92a161a47f000001')!)
    const open = Array.from({ length: 3 }, accept)
    for (const { handler } of open) handler.onBytes(hostile)
    const calls = () => open.map(({ stream }) => stream.calls)
    expect([fed, calls()]).toEqual([[], [[], [], []]])
    accept().handler.onBytes(hostile)
    expect([fed, calls()]).toEqual([[], [['destroy'], [], []]])
  })

  test('of a full table have the room, with all that may be known of each', () => {
    const { fed, accept } = setUp()
    const body: NodeStateBody = {
      Name: 'n'.repeat(20),
      Addr: new Uint8Array(16),
      Port: 7_946,
      Meta: new Uint8Array(512),
      Incarnation: 1,
      State: 0,
      Vsn: new Uint8Array(6),
    }
    const full = begun(65_536, encode(NODE_STATE, body))
    const { handler } = accept()
    for (let at = 0; at < full.length; at += 65_536) handler.onBytes(full.slice(at, at + 65_536))
    expect(fed).toEqual([])
  })
})

test('closing all destroys every stream and leaves no timer', () => {
  const { clock, streams, accept } = setUp()
  const open = [accept(), accept()]
  streams.closeAll()
  expect(open.map(({ stream }) => stream.calls)).toEqual([['destroy'], ['destroy']])
  expect([streams.size, clock.pending]).toEqual([0, 0])
})
