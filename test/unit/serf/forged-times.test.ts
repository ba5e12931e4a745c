import { beforeEach, describe, expect, test } from 'vitest'
import { LTIME_LAST, LTIME_LIMIT } from '../../../packages/libring/src/serf/lamport.ts'
import type { SerfMessage } from '../../../packages/libring/src/serf/messages.ts'
import { LoneNode, newsIn } from './lone-node.ts'

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
