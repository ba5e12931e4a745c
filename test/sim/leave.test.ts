import { expect, test } from 'vitest'
import { World } from 'libring/sim'

// Goal: a member that says farewell is remembered as one that left, by everybody, whatever else
// goes on meanwhile; a failure detector that calls it dead would make others take over too early.
// Method: small clusters with push/pulls so frequent that many fall into the farewell; many seeds.
const seeds = Array.from({ length: 16 }, (_, seed) => seed)

test.each(seeds)('a farewell is never taken for a failure, seed %i', (seed) => {
  const world = new World({
    seed,
    nodes: 4,
    latencyMs: [1, 30],
    options: { bootstrapHosts: ['cluster.sim'], pushPullIntervalMs: 100 },
  })
  world.runFor(5_000)
  const [leaver, ...others] = world.nodes
  const seen: string[] = []
  for (const node of others) {
    node.gossip.subscribe(({ type, members }) => {
      for (const { name } of members) if (name === leaver!.name) seen.push(type)
    })
  }
  leaver!.leave()
  world.runUntil(() => leaver!.gossip.status === 'left', 20_000)
  leaver!.crash()
  world.runFor(20_000)
  expect(seen).toEqual(others.map(() => 'member-leave'))
})

test.each(seeds)('members that leave at one moment do not wait for each other, seed %i', (seed) => {
  const world = new World({ seed, nodes: 3, options: { profile: 'local' } })
  world.runFor(5_000)
  for (const node of world.nodes) node.leave()
  for (const node of world.nodes) {
    world.runUntil(() => node.gossip.status === 'left', 4_000)
    node.crash()
  }
})

test.each([0, 1, 2, 5, 10, 20, 40, 100])(
  'a member that leaves %i ms after its start has left',
  (afterMs) => {
    const world = new World({
      seed: 5,
      nodes: 2,
      latencyMs: [5, 15],
      options: { profile: 'local' },
    })
    world.runFor(3_000)
    const seen = new Set<string>()
    for (const node of world.nodes) {
      node.gossip.subscribe(({ type, members }) => {
        if (members.some(({ name }) => name === 'node-2')) seen.add(type)
      })
    }
    const brief = world.addNode({ profile: 'local', bootstrapHosts: ['cluster.sim'] })
    world.runFor(afterMs)
    brief.leave()
    world.runUntil(() => brief.gossip.status === 'left', 10_000)
    brief.crash()
    world.runFor(20_000)
    expect(seen).not.toContain('member-failed')
    for (const node of world.nodes.slice(0, 2)) {
      const known = node.members().find(({ name }) => name === 'node-2')
      expect(known?.status ?? 'left').toBe('left')
    }
  },
)
