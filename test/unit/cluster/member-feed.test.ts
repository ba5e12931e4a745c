import { expect, test } from 'vitest'
import { MEMBER_EVENTS_MAX, MemberFeed } from '../../../packages/libring/src/cluster/member-feed.ts'
import { aMemberEvent } from '../../support/ownership.ts'

test('a reader hears everything from when it began to read', async () => {
  const feed = new MemberFeed()
  feed.publish(aMemberEvent('member-join', 'early'))
  const reader = feed[Symbol.asyncIterator]()
  feed.publish(aMemberEvent('member-join', 'ann'))
  feed.publish(aMemberEvent('member-failed', 'ann'))
  feed.end()
  const types = [await reader.next(), await reader.next()].map(({ value }) => value?.type)
  expect(types).toEqual(['member-join', 'member-failed'])
  expect(await reader.next()).toEqual({ done: true, value: undefined })
})

test('a reader that is too slow loses the oldest events, and they are counted', async () => {
  const feed = new MemberFeed()
  const reader = feed[Symbol.asyncIterator]()
  for (let i = 0; i < MEMBER_EVENTS_MAX + 3; i++) feed.publish(aMemberEvent('member-join', `m${i}`))
  const { value } = await reader.next()
  expect([value?.members[0]?.name, feed.dropped]).toEqual(['m3', 3])
})

test('readers that went away are forgotten', async () => {
  const feed = new MemberFeed()
  const reader = feed[Symbol.asyncIterator]()
  await reader.return?.()
  for (let i = 0; i < MEMBER_EVENTS_MAX + 1; i++) feed.publish(aMemberEvent('member-join', 'm'))
  expect(feed.dropped).toBe(0)
})

test('who begins to read after the end hears that it is over', async () => {
  const feed = new MemberFeed()
  feed.end()
  expect(await feed[Symbol.asyncIterator]().next()).toEqual({ done: true, value: undefined })
})
