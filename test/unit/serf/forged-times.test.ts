import { beforeEach, describe, expect, test } from 'vitest'
import { LTIME_LAST, LTIME_LIMIT } from '../../../packages/libring/src/serf/lamport.ts'
import { encodeSerf } from '../../../packages/libring/src/serf/message-codec.ts'
import type { SerfMessage } from '../../../packages/libring/src/serf/messages.ts'
import { encodeMessage } from '../../../packages/libring/src/wire/encode.ts'
import { LoneNode, newsIn, place } from './lone-node.ts'
import { queryOf } from './query-builders.ts'
import { World } from './world.ts'

// What somebody inside does to the clocks of all with one message just below the end of time.

let node: LoneNode

beforeEach(() => {
  node = new LoneNode()
})

const leave: SerfMessage = { type: 'leave', ltime: LTIME_LAST, node: 'ann', prune: false }
const join: SerfMessage = { type: 'join', ltime: LTIME_LAST, node: 'ann' }
const event = (name: string): SerfMessage => {
  return {
    type: 'user-event',
    ltime: LTIME_LAST,
    name,
    payload: new Uint8Array(0),
    coalesce: false,
  }
}
const statusOf = (name: string) => node.machine.member(name)?.status

test('a farewell forged at the end of time is refuted there', () => {
  node.hear(leave)
  expect(statusOf('ann')).toBe('leaving')
  expect(newsIn(node.hear(join))).toEqual(['member-update ann'])
  expect(statusOf('ann')).toBe('alive')
})

test('what was refuted there stays refuted, and nobody passes it on for ever', () => {
  node.hear(leave, join)
  node.gossiped()
  expect(newsIn(node.hear(leave, join, leave, join))).toEqual([])
  expect(statusOf('ann')).toBe('alive')
  expect(node.machine.stats.rebroadcasts).toBe(2)
})

test('whoever is said to leave there says that it does not, at the same time', () => {
  node.hear({ ...leave, node: 'self' })
  expect(node.gossiped()).toContainEqual({ ...join, node: 'self' })
  expect(node.machine.stats.leavesRefuted).toBe(1)
})

test('a prune forged at the end of time is called off by the refutation', () => {
  node.hear({ ...leave, prune: true }, join)
  node.wait(1_000)
  expect(statusOf('ann')).toBe('alive')
})

test('events are still told there, each content once', () => {
  expect(newsIn(node.hear(event('a'), event('b'), event('a')))).toEqual([
    'user-event a ',
    'user-event b ',
  ])
  node.feed({ type: 'user-event', name: 'c', payload: new Uint8Array(0), coalesce: false })
  expect(node.gossiped()).toContainEqual(event('c'))
})

// At the end of time the clock stands still, so a time 512 before the last is not too old by it, and
// has the slot of the last one.
test.each(['user-event', 'query'] as const)(
  'no two of type %s drive each other out there',
  (type) => {
    const at = (ltime: bigint): SerfMessage => {
      return type === 'query' ? queryOf({ ltime }) : ({ ...event('x'), ltime } as SerfMessage)
    }
    const pair = [at(LTIME_LAST - 512n), at(LTIME_LAST)]
    const world = new World()
    const names = ['ann', 'bob', 'cat']
    for (const name of names) world.start(name)
    for (const name of names.slice(1)) world.join(name, 'ann')
    world.run(5_000)
    for (const name of names) world.news(name)
    for (const message of pair) {
      const bytes = encodeMessage({ type: 'user', payload: encodeSerf(message) })
      world.feed('ann', { type: 'packet', from: place(9), bytes })
    }
    world.run(5_000)
    for (const name of names) world.sent(name)
    world.run(10_000)
    for (const name of names) {
      const told = world.news(name).length
      expect(told).toBeGreaterThan(0)
      expect(told).toBeLessThanOrEqual(2)
      expect(world.sent(name).filter((sent) => sent.type === type)).toEqual([])
    }
  },
)

test('what is 512 before the last time is too old, even where it came first', () => {
  const before = { ...event('x'), ltime: LTIME_LAST - 512n } as SerfMessage
  node.hear(event('a'), before)
  expect(node.machine.stats.tooOld).toBe(1)
  expect(newsIn(node.hear(event('a')))).toEqual([])
})

describe.each([LTIME_LIMIT, (1n << 64n) - 1n])('a time beyond the end: %i', (ltime) => {
  test('counts as the last one, and so is refuted there', () => {
    node.hear({ ...leave, ltime })
    expect(statusOf('ann')).toBe('leaving')
    expect(newsIn(node.hear(join))).toEqual(['member-update ann'])
    expect(node.machine.clocks.gauges.memberTime).toBe(LTIME_LAST)
  })

  // An agent's clock goes on beyond the end, and so does what it says against a forgery.
  test('refutes a farewell at the last one', () => {
    node.hear(leave)
    expect(newsIn(node.hear({ ...join, ltime }))).toEqual(['member-update ann'])
    expect(statusOf('ann')).toBe('alive')
  })

  test('does not make all else unreadable that an agent remembers', () => {
    node.hear(leave)
    const statusLTimes = new Map([['ann', ltime]])
    node.pushPull({ ltime, statusLTimes, eventLTime: ltime, queryLTime: ltime })
    expect(statusOf('ann')).toBe('alive')
    expect(node.machine.stats.faults.malformed).toBe(0)
  })
})
