import { beforeEach, expect, test } from 'vitest'
import { utf8Decode } from '../../../packages/libring/src/base/bytes.ts'
import type { GossipNode } from '../../../packages/libring/src/gossip/gossip-node.ts'
import { Bench } from '../../support/simulated-node.ts'

let bench: Bench
let ann: GossipNode
let bob: GossipNode
let heard: string[]
let seen: string[]

beforeEach(async () => {
  bench = new Bench()
  ann = bench.node(1, {
    coalescePeriodMs: 3_000,
    quiescentPeriodMs: 1_000,
    userCoalescePeriodMs: 3_000,
    userQuiescentPeriodMs: 1_000,
  })
  heard = []
  seen = []
  ann.on('member-join', ({ members }) => {
    heard.push(`join ${members.map(({ name }) => name).join(' ')}`)
  })
  ann.on('user-event', ({ name, payload }) => heard.push(`${name} ${utf8Decode(payload)}`))
  ann.subscribe(({ members }) => seen.push(...members.map(({ name }) => name)))
  bob = bench.node(2)
  await bench.settled(ann.start())
  await bench.settled(bob.start())
  await bench.settled(bob.join(['10.0.0.1']))
})

test('members are told together; whoever subscribes is told at once', async () => {
  expect(seen).toEqual(['node-1', 'node-2'])
  expect(heard).toEqual([])
  bench.pass(3_000)
  expect(heard).toEqual(['join node-1 node-2'])
})

test('of user events the latest of a name is told, and those that do not coalesce at once', async () => {
  bench.pass(5_000)
  heard.length = 0
  for (const version of ['v1', 'v2', 'v3']) {
    await bench.settled(ann.userEvent('deploy', version, { coalesce: true }))
  }
  await bench.settled(ann.userEvent('alarm', 'now'))
  expect(heard).toEqual(['alarm now'])
  bench.pass(1_000)
  expect(heard).toEqual(['alarm now', 'deploy v3'])
})

test('what waits is told when the node stops', async () => {
  bench.pass(5_000)
  heard.length = 0
  await bench.settled(ann.userEvent('deploy', 'v1', { coalesce: true }))
  expect(heard).toEqual([])
  await bench.settled(ann.stop())
  expect(heard).toEqual(['deploy v1'])
  bench.pass(5_000)
  expect(heard).toEqual(['deploy v1'])
})
