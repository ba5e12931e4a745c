import { beforeEach, describe, expect, test } from 'vitest'
import { RingPost } from '../../../packages/libring/src/cluster/ring-post.ts'
import {
  decodePeerMessage,
  type PeerMessage,
} from '../../../packages/libring/src/ownership/messages.ts'
import { stateOf } from '../../support/cluster.ts'
import { ScriptedChannel } from '../../support/ring-channel.ts'

const TOPIC = 'libring/ring/jobs'

let channel: ScriptedChannel
let heard: string[]
let post: RingPost
let seq = 0

beforeEach(() => {
  channel = new ScriptedChannel()
  heard = []
  post = new RingPost(channel, 'jobs', {
    onMessage: (from, message) => heard.push(`${from} ${message.type} ${message.seq}`),
    onExchanged: (member, outcome) => heard.push(`${member} ${outcome}`),
  })
  post.open()
  seq = 0
})

function aMessage(type: 'ask' | 'answer' | 'offer' | 'parting'): PeerMessage {
  const header = { life: 7n, seq: ++seq, clock: 9n, digest: 1, space: 2 }
  switch (type) {
    case 'ask':
      return { ...header, type, groups: [] }
    case 'answer':
      return { ...header, type, asker: 3n, groups: [], legacies: [] }
    case 'offer':
      return { ...header, type, holdings: [] }
    case 'parting':
      return { ...header, type, partitions: [1] }
  }
}

/** What went to whom, in order. */
function sent(): readonly string[] {
  return channel.sent.map(({ to, bytes }) => {
    const decoded = decodePeerMessage(bytes)
    if (decoded.fault !== undefined) return `${to} ${decoded.fault}`
    return `${to} ${decoded.message.type} ${decoded.message.seq}`
  })
}

/** The last message sent has come to its end. */
function over(isDelivered: boolean): void {
  channel.sent.at(-1)!.over(isDelivered)
}

describe('messages', () => {
  test('are under way one at a time to each member, in the order in which they were sent', () => {
    post.send('bob', aMessage('answer'))
    post.send('bob', aMessage('offer'))
    post.send('bob', aMessage('answer'))
    post.send('cat', aMessage('answer'))
    expect(sent()).toEqual(['bob answer 1', 'cat answer 4'])
    channel.sent[0]!.over(true)
    expect(sent().slice(2)).toEqual(['bob offer 2'])
    over(true)
    over(true)
    expect(sent().slice(3)).toEqual(['bob answer 3'])
    post.send('bob', aMessage('answer'))
    expect(sent().slice(4)).toEqual(['bob answer 5'])
    expect(channel.sent.every(({ topic }) => topic === TOPIC)).toBe(true)
  })

  test('that are lost are counted, and the next one goes all the same', () => {
    post.send('bob', aMessage('answer'))
    post.send('bob', aMessage('answer'))
    over(false)
    over(true)
    expect(sent()).toEqual(['bob answer 1', 'bob answer 2'])
    expect(post.stats).toEqual({ messagesSent: 2, messagesFailed: 1, messagesMalformed: 0 })
  })

  test('that stand for all of their kind take the place of the one that waits', () => {
    for (const type of ['ask', 'parting', 'answer', 'parting', 'ask', 'ask'] as const) {
      post.send('bob', aMessage(type))
    }
    while (channel.sent.length < 4) over(true)
    over(true)
    expect(sent()).toEqual(['bob ask 1', 'bob answer 3', 'bob parting 4', 'bob ask 6'])
  })

  test('wait for one member 64 at most, and the oldest is dropped', () => {
    for (let i = 0; i < 70; i++) post.send('bob', aMessage('answer'))
    for (let i = 0; i < 70; i++) over(true)
    const kept = Array.from({ length: 64 }, (_, i) => `bob answer ${i + 7}`)
    expect(sent()).toEqual(['bob answer 1', ...kept])
  })

  test('of others are handed over, and counted when they cannot be read', () => {
    channel.arrive(TOPIC, 'bob', aMessage('ask'))
    channel.arrive(TOPIC, 'bob', Uint8Array.of(1, 2, 3))
    channel.arrive(TOPIC, 'bob', Uint8Array.of())
    channel.arrive('libring/ring/rooms', 'bob', aMessage('ask'))
    expect(heard).toEqual(['bob ask 1'])
    expect(post.stats.messagesMalformed).toBe(2)
  })
})

describe('exchanges of members', () => {
  const members = Array.from({ length: 12 }, (_, i) => `m${i}`)
  const begun = (): readonly string[] => channel.exchanges.map(({ member }) => member)
  const done = (member: string, isDone: boolean): void => {
    channel.exchanges.findLast((exchange) => exchange.member === member)!.over(isDone)
  }

  test('are told of once they are over, done or not', () => {
    post.exchange('bob')
    post.exchange('cat')
    done('bob', true)
    done('cat', false)
    expect(heard).toEqual(['bob done', 'cat failed'])
  })

  test('begin after they were asked for, though one is under way', () => {
    for (let i = 0; i < 3; i++) post.exchange('bob')
    expect(begun()).toEqual(['bob'])
    done('bob', true)
    expect([begun(), heard]).toEqual([['bob', 'bob'], ['bob done']])
    done('bob', true)
    expect([begun().length, heard.length]).toEqual([2, 2])
  })

  test('are under way with eight at most', () => {
    for (const member of members) post.exchange(member)
    expect(begun()).toEqual(members.slice(0, 8))
    done('m3', false)
    expect(begun()).toEqual(members.slice(0, 9))
    for (const member of begun()) done(member, true)
    expect(new Set(begun())).toEqual(new Set(members))
  })

  test('that fail at once leave their places to the next', () => {
    const fails = new Set(members.slice(0, 10))
    channel.exchange = (member, over) => {
      channel.exchanges.push({ member, over })
      if (fails.has(member)) over(false)
    }
    for (const member of members) post.exchange(member)
    expect(begun()).toEqual(members)
    for (const member of members.slice(10)) done(member, true)
    const failed = members.slice(0, 10).map((member) => `${member} failed`)
    expect(heard).toEqual([...failed, 'm10 done', 'm11 done'])
  })
})

describe('a post that is closed', () => {
  test('sends, hears and tells nothing more', () => {
    post.send('bob', aMessage('answer'))
    post.send('bob', aMessage('answer'))
    post.exchange('cat')
    post.close()
    over(true)
    channel.exchanges[0]!.over(true)
    post.send('bob', aMessage('answer'))
    post.exchange('dan')
    channel.arrive(TOPIC, 'bob', aMessage('ask'))
    expect([channel.sent.length, channel.exchanges.length, heard, channel.topics]).toEqual([
      1,
      1,
      [],
      [],
    ])
  })

  test('that was never open does nothing either', () => {
    const other = new RingPost(channel, 'rooms', { onMessage: () => {}, onExchanged: () => {} })
    other.send('bob', aMessage('answer'))
    other.exchange('bob')
    other.close()
    expect([channel.sent, channel.exchanges]).toEqual([[], []])
  })

  test('is idle, as it sends nothing', async () => {
    post.send('bob', aMessage('answer'))
    const idle = post.whenIdle()
    expect(await stateOf(idle)).toBe('pending')
    post.close()
    expect(await stateOf(idle)).toBe('resolved')
    post.send('bob', aMessage('answer'))
    expect(await stateOf(post.whenIdle())).toBe('resolved')
  })
})

test('the post is idle once what is under way and what waits has come to its end', async () => {
  expect(await stateOf(post.whenIdle())).toBe('resolved')
  for (const to of ['ann', 'ann', 'bob']) post.send(to, aMessage('offer'))
  const idle = post.whenIdle()
  const isOver = async (at: number, isDelivered: boolean): Promise<string> => {
    channel.sent[at]!.over(isDelivered)
    return await stateOf(idle)
  }
  expect(sent()).toEqual(['ann offer 1', 'bob offer 3'])
  expect(await isOver(0, true)).toBe('pending')
  expect(await isOver(1, false)).toBe('pending')
  expect(await isOver(2, true)).toBe('resolved')
})
