import { beforeEach, expect, test } from 'vitest'
import { Cluster } from '../../../packages/libring/src/cluster/cluster.ts'
import type { GossipNode } from '../../../packages/libring/src/gossip/gossip-node.ts'
import { calm, scriptedPorts } from '../../support/cluster.ts'
import { Bench, LogBook } from '../../support/simulated-node.ts'

let bench: Bench
let nodes: GossipNode[]
let told: string[]
let log: LogBook

beforeEach(async () => {
  bench = new Bench()
  told = []
  log = new LogBook()
  nodes = []
  for (const last of [1, 2, 3]) {
    const node = bench.node(last)
    nodes.push(node)
    await bench.settled(node.start())
    if (last > 1) await bench.settled(node.join(['10.0.0.1']))
  }
  bench.pass(5_000)
})

/** A node by the name of the second. */
function twin(): GossipNode {
  const node = bench.node(4, { hostName: 'node-2' }, { logger: log })
  node.on('name-conflict', ({ name, known, claimed }) => {
    told.push(`conflict ${name} ${known.host} ${claimed.host}`)
  })
  node.on('name-lost', ({ votes, forUs }) => told.push(`lost ${forUs} of ${votes}`))
  node.on('member-failed', ({ members }) => told.push(`failed ${members[0]!.name}`))
  return node
}

test('whoever comes under a name that is taken is told so, and stops without a farewell', async () => {
  const late = twin()
  await bench.settled(late.start())
  await bench.settled(late.join(['10.0.0.1']))
  bench.pass(30_000)
  expect(told).toEqual(['conflict node-2 10.0.0.4 10.0.0.2', 'failed node-2', 'lost 0 of 2'])
  expect(late.status).toBe('stopped')
  expect(log.messages('error')).toEqual(['another member bears our name: stopping'])
  bench.pass(60_000)
  for (const node of nodes) {
    expect(node.members().map(({ name, host, status }) => `${name} ${host} ${status}`)).toEqual(
      expect.arrayContaining(['node-2 10.0.0.2 alive']),
    )
    expect(node.status).toBe('alive')
  }
})

test('a process that ended without a word does not keep the next of its name out', async () => {
  const late = twin()
  await bench.settled(nodes[1]!.stop())
  await bench.settled(late.start())
  await bench.settled(late.join(['10.0.0.1']))
  bench.pass(90_000)
  expect(told.filter((line) => line.startsWith('lost'))).toEqual([])
  expect(late.status).toBe('alive')
  for (const node of [nodes[0]!, nodes[2]!]) {
    const seen = node.members().map(({ name, host, status }) => `${name} ${host} ${status}`)
    expect(seen).toContain('node-2 10.0.0.4 alive')
  }
})

test('the vote can be turned off', async () => {
  const node = bench.node(4, { hostName: 'node-2', nameConflictResolution: false })
  await bench.settled(node.start())
  await bench.settled(node.join(['10.0.0.1']))
  bench.pass(30_000)
  expect(node.status).toBe('alive')
})

test('what a cluster held under the name is let go of before the node stops', async () => {
  const late = twin()
  const cluster = new Cluster(
    { membership: late, partitions: 16, bootstrapTimeoutMs: 1_000 },
    { ...scriptedPorts(), clock: bench.clock },
  )
  let held = 0
  cluster.on('acquire', () => held++)
  cluster.on('release', () => held--)
  void cluster.start()
  bench.pass(10_000)
  await calm()
  expect(held).toBe(16)
  const validities = Array.from({ length: 16 }, (_, partition) => cluster.held(partition)!)
  expect(validities.every(({ valid }) => valid)).toBe(true)

  const joining = late.join(['10.0.0.1'])
  await bench.settled(joining)
  bench.pass(30_000)
  await calm()
  expect(told.at(-1)).toBe('lost 0 of 2')
  expect(validities.some(({ valid }) => valid)).toBe(false)
  expect(held).toBe(0)
})
