import { expect, test } from 'vitest'
import { PeerCalls } from '../../../packages/libring/src/gossip/peer-calls.ts'
import { newPeerStats } from '../../../packages/libring/src/gossip/peer-stats.ts'
import type { StreamHandler, Transport } from '../../../packages/libring/src/ports/transport.ts'
import { SimClock } from '../../../packages/libring/src/sim/clock.ts'
import { IN_CLEAR } from '../../../packages/libring/src/wire/security.ts'
import { FakeStream } from '../../support/fake-stream.ts'
import { joined, Talk } from '../../support/peer-talk.ts'

const address = { host: '10.0.0.2', port: 7_946 }

function setUp() {
  const clock = new SimClock()
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
  const stats = newPeerStats()
  const calls = new PeerCalls({
    clock,
    transport,
    stats,
    security: IN_CLEAR,
    localName: 'ann',
    routeTo: () => ({ address }),
  })
  const story: string[] = []
  const open = (topic: string) =>
    calls.open(
      { member: 'bob', topic, deadlineMs: 1_000 },
      {
        onOpen: (stream) => {
          story.push(`${topic} opens`)
          stream.finish(Uint8Array.of(7))
        },
        onReadable: () => {},
        onDrained: () => {},
        onOver: ({ type }) => void story.push(`${topic} ${type}`),
      },
    )
  return { clock, calls, stats, dialled, story, open }
}

test('a short request goes out in one go', () => {
  const { clock, dialled, open } = setUp()
  clock.runUntil(100)
  open('jobs')
  const head = { version: 1, topic: 'jobs', from: 'ann', to: 'bob', deadlineMs: 1_000 }
  const frames = new Talk(IN_CLEAR).say('dialling', [
    { type: 'head', head },
    { type: 'chunk', bytes: Uint8Array.of(7) },
    { type: 'end' },
  ])
  const bytes = Buffer.from(joined([Uint8Array.of(245), ...frames])).toString('hex')
  expect(dialled[0]!.stream.calls).toEqual([`write ${bytes}`])
})

test('one that has nothing to say yet goes out all the same', () => {
  const { calls, dialled } = setUp()
  const silent = { onOpen: () => {}, onReadable: () => {}, onDrained: () => {}, onOver: () => {} }
  calls.open({ member: 'bob', topic: 'jobs', deadlineMs: 1_000 }, silent)
  expect(dialled[0]!.stream.calls).toHaveLength(1)
})

test('of 64 places the application has 48, and libring’s own go first', () => {
  const { calls, dialled, story, open } = setUp()
  for (let index = 0; index < 64; index++) open(`libring/${index}`)
  open('late')
  open('libring/late')
  expect([calls.size, dialled.length]).toEqual([64, 64])
  story.length = 0
  dialled[3]!.handler.onClosed(new Error('reset'))
  dialled[4]!.handler.onClosed(new Error('reset'))
  expect(story).toEqual([
    'libring/3 unreachable',
    'libring/late opens',
    'libring/4 unreachable',
    'late opens',
  ])
})

test('one that has waited tells how much time is left of it', () => {
  const { clock, dialled, open } = setUp()
  for (let index = 0; index < 48; index++) open(`${index}`)
  open('late')
  clock.runUntil(300)
  dialled[0]!.handler.onClosed(new Error('reset'))
  const { frames } = new Talk(IN_CLEAR).hear('dialling', [
    Buffer.from(dialled[48]!.stream.calls[0]!.slice('write f5'.length), 'hex'),
  ])
  expect(frames[0]).toMatchObject({ head: { topic: 'late', deadlineMs: 700 } })
})

test('all end at their deadline, those that wait too, and nothing is left', () => {
  const { clock, calls, stats, dialled, story, open } = setUp()
  for (let index = 0; index < 50; index++) open(`${index}`)
  clock.runUntil(1_000)
  expect(story.filter((line) => line.endsWith('timed-out'))).toHaveLength(50)
  expect([calls.size, calls.bufferedBytes, clock.pending]).toEqual([0, 0, 0])
  expect(stats).toMatchObject({ failed: 50, timedOut: 50 })
  for (const { stream, handler } of dialled) {
    expect(stream.calls.at(-1)).toBe('destroy')
    handler.onBytes(Uint8Array.of(1))
    handler.onEnd()
    handler.onClosed(undefined)
  }
  expect(story.filter((line) => line.endsWith('timed-out'))).toHaveLength(50)
})

test('closing ends all of them, once, and none is made after it', () => {
  const { clock, calls, story, open } = setUp()
  for (let index = 0; index < 50; index++) open(`${index}`)
  calls.closeAll()
  calls.closeAll()
  expect(story.filter((line) => line.endsWith(' closed'))).toHaveLength(50)
  expect(story.filter((line) => line.endsWith(' opens'))).toHaveLength(48)
  const late = open('late')
  late.cancel()
  late.cancel()
  clock.runUntil(0)
  expect([story.slice(98), clock.pending]).toEqual([['late cancelled'], 0])
})

test('an answer that breaks the rules is counted by name', () => {
  const { stats, dialled, story, open } = setUp()
  open('a')
  open('b')
  open('c')
  dialled[0]!.handler.onBytes(Uint8Array.of(13, 0, 0, 0, 0))
  dialled[1]!.handler.onBytes(Uint8Array.of(0))
  dialled[1]!.handler.onEnd()
  const credit = new Talk(IN_CLEAR).say('accepting', [{ type: 'credit', bytes: 258 }])
  dialled[2]!.handler.onBytes(joined(credit))
  expect(story.slice(3)).toEqual(['a fault', 'b fault', 'c fault'])
  expect(stats.faults).toMatchObject({ 'unknown-type': 1, truncated: 1, overrun: 1 })
})
