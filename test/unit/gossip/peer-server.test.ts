import { describe, expect, test } from 'vitest'
import { toHex } from '../../../packages/libring/src/base/bytes.ts'
import { PeerServer, type ServedCall } from '../../../packages/libring/src/gossip/peer-server.ts'
import { newPeerStats } from '../../../packages/libring/src/gossip/peer-stats.ts'
import type { PeerEnding } from '../../../packages/libring/src/gossip/peer-stream.ts'
import { SimClock } from '../../../packages/libring/src/sim/clock.ts'
import type { PeerFrame } from '../../../packages/libring/src/wire/peer.ts'
import { IN_CLEAR } from '../../../packages/libring/src/wire/security.ts'
import { FakeStream } from '../../support/fake-stream.ts'
import { head, joined, Talk } from '../../support/peer-talk.ts'

const hello: PeerFrame = { type: 'head', head: { ...head, deadlineMs: 2_000 } }
const end: PeerFrame = { type: 'end' }
const chunk = (length: number): PeerFrame => ({ type: 'chunk', bytes: new Uint8Array(length) })

function setUp() {
  const clock = new SimClock()
  const stats = newPeerStats()
  const server = new PeerServer({
    clock,
    stats,
    security: IN_CLEAR,
    localName: 'bob',
    timeoutMs: 1_000,
  })
  const calls: ServedCall[] = []
  const drained: string[] = []
  const endings: PeerEnding[] = []
  const serve = (topic: string) =>
    server.serve(topic, (call) => {
      calls.push(call)
      return {
        onReadable: () => {},
        onDrained: () => void drained.push(call.topic),
        onOver: (ending) => void endings.push(ending),
      }
    })
  serve('jobs')
  const accept = () => {
    const stream = new FakeStream()
    return { stream, handler: server.accept(stream) }
  }
  /** Somebody dials and says this, all at once. */
  const ask = (...frames: PeerFrame[]) => {
    const accepted = accept()
    accepted.handler.onBytes(joined(new Talk(IN_CLEAR).say('dialling', frames)))
    return accepted
  }
  /** What a stream was told so far. */
  const toldOver = (stream: FakeStream) => {
    const said = stream.calls.filter((call) => call.startsWith('write '))
    return new Talk(IN_CLEAR).hear(
      'accepting',
      said.map((call) => Uint8Array.from(Buffer.from(call.slice(6), 'hex'))),
    ).frames
  }
  return { clock, stats, server, serve, calls, drained, endings, accept, ask, toldOver }
}

describe('a request', () => {
  test('is handed on with its beginning', () => {
    const { calls, stats, server, ask } = setUp()
    ask(hello)
    expect(calls).toMatchObject([{ from: 'ann', topic: 'jobs', deadlineMs: 2_000 }])
    expect([stats.served, server.size]).toEqual([1, 1])
  })

  test('is answered, and then the other end has a second to close', () => {
    const { clock, calls, endings, server, ask } = setUp()
    const { stream, handler } = ask(hello, end)
    calls[0]!.stream.write(Uint8Array.of(7))
    calls[0]!.stream.finish()
    const answer = new Talk(IN_CLEAR).say('accepting', [chunk(1), end])
    answer[0]![6] = 7
    expect(stream.calls).toEqual([...answer.map((frame) => `write ${toHex(frame)}`), 'end'])
    expect([endings, server.size]).toEqual([[{ type: 'done' }], 0])
    handler.onBytes(Uint8Array.of(99, 99))
    handler.onEnd()
    clock.runUntil(999)
    expect(stream.calls.at(-1)).toBe('end')
    clock.runUntil(1_000)
    expect([stream.calls.at(-1), clock.pending, endings.length]).toEqual(['destroy', 0, 1])
  })

  test('whose end closes in time leaves nothing behind', () => {
    const { clock, calls, ask } = setUp()
    const { stream, handler } = ask(hello, end)
    calls[0]!.stream.finish()
    handler.onEnd()
    handler.onClosed(undefined)
    expect([stream.calls.at(-1), clock.pending]).toEqual(['end', 0])
  })

  test('that is not answered in time is answered with an error', () => {
    const { clock, stats, endings, ask, toldOver } = setUp()
    const { stream } = ask(hello, end)
    clock.runUntil(1_999)
    expect(stream.calls).toEqual([])
    clock.runUntil(2_000)
    const reason = 'not answered within 2000 ms'
    expect(toldOver(stream)).toEqual([{ type: 'error', code: 'timeout', reason }])
    expect(endings).toEqual([{ type: 'refused', code: 'timeout', reason }])
    expect(stats.timedOut).toBe(1)
  })

  test.each<[string, object, string, string]>([
    ['of another version', { version: 2 }, 'version', 'version 1 here'],
    ['for somebody else', { to: 'zoe' }, 'member', 'this is bob'],
    ['that nobody serves', { topic: 'other' }, 'topic', 'nobody serves the topic'],
  ])('%s is refused by name', (_, changes, code, reason) => {
    const { stats, calls, ask, toldOver } = setUp()
    const { stream } = ask({ type: 'head', head: { ...head, ...changes } })
    expect(toldOver(stream)).toEqual([{ type: 'error', code, reason }])
    expect([stream.calls.at(-1), calls, stats.refused]).toEqual(['end', [], 1])
  })

  test('that is called off ends whatever deals with it', () => {
    const { endings, server, ask } = setUp()
    ask(hello, end).handler.onEnd()
    ask(hello, end).handler.onClosed(new Error('reset'))
    expect(endings).toEqual([
      { type: 'broken', reason: 'the other end went away' },
      { type: 'broken', reason: 'reset' },
    ])
    expect(server.size).toBe(0)
  })

  test('is told that it is over although it ended before anybody listened', () => {
    const { server, ask } = setUp()
    const endings: PeerEnding[] = []
    server.serve('quick', ({ stream }) => {
      stream.finish()
      return {
        onReadable: () => {},
        onDrained: () => {},
        onOver: (ending) => void endings.push(ending),
      }
    })
    ask({ type: 'head', head: { ...head, topic: 'quick' } })
    expect(endings).toEqual([{ type: 'done' }])
  })
})

describe('what is no request', () => {
  test.each<[string, PeerFrame[], string]>([
    ['without a head', [end], 'order'],
    ['with an error', [hello, { type: 'error', code: 'busy', reason: '' }], 'order'],
    ['with more than there is credit for', [hello, ...new Array(5).fill(chunk(65_536))], 'overrun'],
    ['with credit for nothing', [hello, { type: 'credit', bytes: 1 }], 'overrun'],
    ['with no credit', [hello, { type: 'credit', bytes: 0 }], 'overrun'],
  ])('%s is dropped and counted', (_, frames, fault) => {
    const { stats, ask } = setUp()
    const { stream } = ask(...frames)
    expect(stream.calls).toEqual(['destroy'])
    expect(stats.faults).toEqual({ ...newPeerStats().faults, [fault]: 1 })
  })

  test('because it ends in the middle, is truncated, which is not an end', () => {
    const { stats, endings, ask } = setUp()
    const { handler, stream } = ask(hello, chunk(5))
    handler.onEnd()
    expect([endings, stats.faults.truncated]).toEqual([[{ type: 'fault', fault: 'truncated' }], 1])
    expect(stream.calls).toEqual(['destroy'])
  })

  test('because it never comes, is dropped in a second', () => {
    const { clock, stats, accept } = setUp()
    const { stream } = accept()
    clock.runUntil(999)
    expect(stream.calls).toEqual([])
    clock.runUntil(1_000)
    expect([stream.calls, stats.timedOut]).toEqual([['destroy'], 1])
  })
})

describe('places', () => {
  test('are 64, of which 16 are kept for libring’s own', () => {
    const { stats, serve, calls, server, ask, toldOver } = setUp()
    serve('libring/handoff')
    const own: PeerFrame = { type: 'head', head: { ...head, topic: 'libring/handoff' } }
    const turnedAway = (stream: FakeStream) => toldOver(stream).map(({ type }) => type)
    for (let i = 0; i < 48; i++) ask(hello)
    expect(turnedAway(ask(hello).stream)).toEqual(['error'])
    for (let i = 0; i < 16; i++) ask(own)
    expect(turnedAway(ask(own).stream)).toEqual(['error'])
    expect([calls.length, server.size, stats.refused]).toEqual([64, 64, 2])

    calls[0]!.stream.finish()
    expect(turnedAway(ask(hello).stream)).toEqual([])
    expect([calls.length, server.size]).toEqual([65, 64])
  })

  test('are all there for libring’s own, if the application leaves them', () => {
    const { serve, server, ask } = setUp()
    serve('libring/handoff')
    const own: PeerFrame = { type: 'head', head: { ...head, topic: 'libring/handoff' } }
    for (let i = 0; i < 70; i++) ask(own)
    expect(server.size).toBe(64)
  })

  test('a stream beyond 256 takes that of the oldest that has not said what it wants', () => {
    const { clock, stats, server, calls, endings, accept, ask } = setUp()
    const served = ask(hello)
    const silent = Array.from({ length: 254 }, accept)
    silent[0]!.handler.onBytes(new Talk(IN_CLEAR).say('dialling', [hello])[0]!.subarray(0, -1))
    const last = ask(hello)
    const more = [ask(hello), ask(hello)]
    expect(calls).toHaveLength(4)
    expect([served, last, ...more].map(({ stream }) => stream.calls)).toEqual([[], [], [], []])
    const gone = silent.flatMap(({ stream }, at) => (stream.calls.includes('destroy') ? [at] : []))
    expect([gone, stats.refused]).toEqual([[0, 1], 2])

    // What still comes of it counts for nothing, and its place is not given back twice.
    silent[0]!.handler.onBytes(Uint8Array.of(1))
    silent[0]!.handler.onEnd()
    silent[0]!.handler.onClosed(undefined)
    expect([server.size, endings, stats.timedOut]).toEqual([4, [], 0])
    clock.runUntil(1_000)
    expect(stats.timedOut).toBe(252)
  })

  test('a stream beyond 256 is dropped where all have said what they want', () => {
    const { stats, accept, ask } = setUp()
    const open = Array.from({ length: 256 }, () => ask(hello))
    const { stream, handler } = accept()
    handler.onBytes(Uint8Array.of(1))
    handler.onEnd()
    handler.onClosed(undefined)
    expect([stream.calls, stats.refused]).toEqual([['destroy'], 209])
    open[0]!.handler.onClosed(undefined)
    expect(accept().stream.calls).toEqual([])
  })
})

describe('closing', () => {
  test('tells those that wait, drops those that said nothing, and takes no more', () => {
    const { clock, endings, server, accept, ask, toldOver } = setUp()
    const silent = accept()
    const waiting = ask(hello)
    server.closeAll()
    server.closeAll()
    const reason = 'the node closes'
    expect(toldOver(waiting.stream)).toEqual([{ type: 'error', code: 'closed', reason }])
    expect(endings).toEqual([{ type: 'refused', code: 'closed', reason }])
    expect([silent.stream.calls, accept().stream.calls]).toEqual([['destroy'], ['destroy']])
    server.dropAll()
    expect([waiting.stream.calls.at(-1), clock.pending]).toEqual(['destroy', 0])
  })
})

test('a window that is full is read at the pace of its reader', () => {
  const { calls, server, ask, toldOver } = setUp()
  const { stream, handler } = ask(hello, ...new Array<PeerFrame>(4).fill(chunk(65_536)))
  const reader = calls[0]!.stream
  expect(server.bufferedBytes).toBe(263_168)
  expect([reader.read(), reader.read()].map((chunk) => chunk.length)).toEqual([65_536, 65_536])
  expect(toldOver(stream)).toEqual([{ type: 'credit', bytes: 131_584 }])
  reader.read()
  reader.read()
  expect([reader.read(), server.bufferedBytes]).toEqual(['wait', 0])
  handler.onBytes(joined([]))
  expect(server.size).toBe(1)
})

test('what was not read by the end is not there any more', () => {
  const { calls, server, ask } = setUp()
  const { handler } = ask(hello, chunk(7), chunk(7))
  expect(calls[0]!.stream.read()).toHaveLength(7)
  handler.onClosed(new Error('reset'))
  expect([calls[0]!.stream.read(), server.bufferedBytes]).toEqual(['wait', 0])
})

test('whoever waits to say more is told once there is room, and only then', () => {
  const { calls, drained, ask } = setUp()
  const talk = new Talk(IN_CLEAR)
  talk.introduce()
  const { handler } = ask(hello)
  const credit = (bytes: number) =>
    handler.onBytes(joined(talk.say('dialling', [{ type: 'credit', bytes }])))
  const { stream } = calls[0]!
  expect(stream.write(new Uint8Array(3))).toBe(true)
  credit(259)
  expect(drained).toEqual([])
  expect(stream.write(new Uint8Array(5 * 65_536))).toBe(false)
  credit(131_584)
  expect(drained).toEqual(['jobs'])
})

test('a reply goes no faster than credit comes', () => {
  const { calls, stats, ask, toldOver } = setUp()
  const talk = new Talk(IN_CLEAR)
  const { stream, handler } = ask(hello, end)
  const { stream: reply } = calls[0]!
  expect(reply.write(new Uint8Array(1_000_000))).toBe(false)
  reply.finish()
  const sent = () => toldOver(stream).filter(({ type }) => type === 'chunk').length
  expect(sent()).toBe(4)
  for (let credits = 0; credits < 6; credits++) {
    handler.onBytes(joined(talk.say('dialling', [{ type: 'credit', bytes: 131_584 }])))
  }
  expect([sent(), toldOver(stream).at(-1), stream.calls.at(-1)]).toEqual([16, end, 'end'])
  expect(stats.faults.overrun).toBe(0)
})
