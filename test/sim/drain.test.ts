import { describe, expect, test } from 'vitest'
import { Cluster } from '../../packages/libring/src/cluster/cluster.ts'
import { World, type SimClusterOptions, type SimNode } from 'libring/sim'
import { ScriptedSignals, stateOf } from '../support/cluster.ts'
import { KeyWatch } from '../support/key-watch.ts'
import { Bench } from '../support/simulated-node.ts'

// Members that leave by handing over. Goal: every key is served by one member all the while, as
// long as there is one to have it; and whoever drains is done in time, whatever handlers do.

const ring = { partitions: 32, redundancy: 2 } as const

/** A world whose keys are watched by the handlers, each of which takes `handlerMs` to let go. */
class Draining {
  readonly world: World
  readonly watch: KeyWatch
  readonly #handlerMs: number
  readonly #cluster: SimClusterOptions
  readonly #tags: Readonly<Record<string, string>>

  constructor(nodes: number, handlerMs = 0, cluster: SimClusterOptions = {}, tags = {}) {
    this.#handlerMs = handlerMs
    this.#tags = tags
    this.#cluster = cluster
    this.world = new World({ seed: 5, nodes: 0, lossRate: 0.02 })
    this.world.names.set('cluster.sim', ['10.0.0.1', '10.0.0.2', '10.0.0.3'])
    this.watch = new KeyWatch(this.world)
    for (let i = 0; i < nodes; i++) this.add()
  }

  add(): SimNode {
    return this.world.addNode({ tags: this.#tags }, (node) => {
      return { ...ring, ...this.watch.handlers(node, ring, this.#handlerMs), ...this.#cluster }
    })
  }

  /** Who serves any key, whether all are served, and whether any was twice. */
  get outcome(): readonly (string | boolean)[] {
    const { holders, served, count, faults } = this.watch
    return [...[...holders].sort(), served === count, ...faults]
  }
}

describe('a member that drains', () => {
  test('waits for its handlers, and no key is without one for longer than one of them', async () => {
    const draining = new Draining(4, 1_500)
    const { world, watch } = draining
    await world.run(30_000)
    expect(draining.outcome).toEqual(['node-0', 'node-1', 'node-2', 'node-3', true])
    const drained = world.nodes[0]!.cluster.drain()
    await world.run(25_000)
    expect(await stateOf(drained)).toBe('resolved')
    expect(draining.outcome).toEqual(['node-1', 'node-2', 'node-3', true])
    expect(watch.longestGapMs).toBeLessThan(2_500)
  })

  test('hands over whatever its handlers do, in the time that they have', async () => {
    const draining = new Draining(3, 600_000, { releaseTimeoutMs: 3_000 })
    const { world } = draining
    await world.run(30_000)
    const node = world.nodes[0]!
    const overdue: string[] = []
    node.cluster.on('handler-overdue', ({ event }) => overdue.push(event.type))
    const drained = node.cluster.drain()
    await world.run(25_000)
    expect(await stateOf(drained)).toBe('resolved')
    expect(new Set(overdue)).toEqual(new Set(['release']))
    for (let partition = 0; partition < ring.partitions; partition++) {
      const owner = world.nodes[1]!.cluster.holdersForPartition(partition)[0]!.name
      expect(['node-1', 'node-2']).toContain(owner)
    }
  })

  test('is done when the backups it waits for are never told of, as their time is over', async () => {
    // The successors never finish taking over, so they never say that they have it.
    const hang: SimClusterOptions = {
      onAcquire: ({ replica }) => (replica === 0 ? undefined : new Promise<void>(() => {})),
    }
    const world = new World({
      seed: 5,
      nodes: 4,
      cluster: ({ name }) => {
        return { ...ring, handoffTimeoutMs: 6_000, ...(name === 'node-0' ? {} : hang) }
      },
    })
    await world.run(30_000)
    const drained = world.nodes[0]!.cluster.drain()
    await world.run(12_000)
    expect(await stateOf(drained)).toBe('resolved')
  })
})

describe('members that all drain', () => {
  test('keep what they have until their time is over, and then let it go, to nobody', async () => {
    const draining = new Draining(3)
    const { world, watch } = draining
    await world.run(30_000)
    const before = new Map(world.nodes.map(({ name, cluster }) => [name, ownedBy(name, cluster)]))
    const to: (string | undefined)[] = []
    for (const { cluster } of world.nodes) cluster.on('release', (event) => to.push(event.to?.name))
    const drained = world.nodes.map(({ cluster }) => cluster.drain({ timeoutMs: 20_000 }))
    await world.run(19_000)
    expect(draining.outcome).toEqual(['node-0', 'node-1', 'node-2', true])
    for (const { name, cluster } of world.nodes)
      expect(ownedBy(name, cluster)).toEqual(before.get(name))
    expect(to).toEqual([])
    await world.run(15_000)
    expect(await Promise.all(drained.map(stateOf))).toEqual(['resolved', 'resolved', 'resolved'])
    expect([watch.served, watch.faults]).toEqual([0, []])
    expect(new Set(to)).toEqual(new Set([undefined]))
  })

  test('stop once their time is over, and nodes say so', async () => {
    const { world } = new Draining(3)
    await world.run(30_000)
    for (const node of world.nodes) void node.drain({ timeoutMs: 20_000 })
    await world.run(19_999)
    expect(world.nodes.map(({ farewell }) => farewell)).toEqual(['drain', 'drain', 'drain'])
    await world.run(1)
    expect(world.nodes.map(({ farewell }) => farewell)).toEqual(['stop', 'stop', 'stop'])
  })

  test('give everything to one that comes and serves', async () => {
    const draining = new Draining(3, 200)
    const { world } = draining
    await world.run(30_000)
    const drained = world.nodes.map(({ cluster }) => cluster.drain({ timeoutMs: 60_000 }))
    await world.run(10_000)
    const node = draining.add()
    await world.run(40_000)
    expect(await Promise.all(drained.map(stateOf))).toEqual(['resolved', 'resolved', 'resolved'])
    expect(draining.outcome).toEqual([node.name, true])
    expect(node.cluster.stats.takenFromSilence).toBe(0)
  })

  test('do not take what one of them held that crashed', async () => {
    const draining = new Draining(3)
    const { world, watch } = draining
    await world.run(30_000)
    const drained = world.nodes.map(({ cluster }) => cluster.drain({ timeoutMs: 60_000 }))
    await world.run(3_000)
    world.nodes[2]!.crash()
    watch.gone(world.nodes[2]!)
    const { served } = watch
    await world.run(30_000)
    expect([watch.served, served < watch.count]).toEqual([served, true])
    const node = draining.add()
    await world.run(20_000)
    expect(draining.outcome).toEqual([node.name, true])
    expect(await Promise.all(drained.slice(0, 2).map(stateOf))).toEqual(['resolved', 'resolved'])
  })
})

describe('a member that drops its watched tag', () => {
  const active = { ring: 'active' }
  const watched: SimClusterOptions = { watchTags: { ring: /^active$/ } }

  test('lets everything go and is named no more, though nobody is left to have it', async () => {
    const draining = new Draining(3, 200, watched, active)
    const { world, watch } = draining
    const [ann, bob, cat] = world.nodes.map(({ cluster }) => cluster)
    await world.run(30_000)
    void ann!.setTags({})
    await world.run(15_000)
    expect(draining.outcome).toEqual(['node-1', 'node-2', true])
    // Both at once: neither has anybody to hand over to.
    void bob!.setTags({})
    void cat!.setTags({})
    await world.run(15_000)
    expect([watch.served, watch.faults]).toEqual([0, []])
    for (const { cluster } of world.nodes) {
      expect([cluster.members, cluster.holdersForKey('k')]).toEqual([[], []])
    }
    void cat!.setTags(active)
    await world.run(15_000)
    expect(draining.outcome).toEqual(['node-2', true])
    expect(ann!.ownerForKey('k')?.name).toBe('node-2')
  })

  test('is waited for by whoever comes while its handlers are still at work', async () => {
    const draining = new Draining(1, 5_000, watched, active)
    const { world, watch } = draining
    await world.run(20_000)
    void world.nodes[0]!.cluster.setTags({})
    await world.run(2_000)
    draining.add()
    await world.run(1_500)
    // It sees who came, and has not done what it was told to by then.
    expect(world.nodes[0]!.cluster.members.map(({ name }) => name)).toContain('node-1')
    expect([...watch.holders]).toEqual(['node-0'])
    await world.run(20_000)
    expect(draining.outcome).toEqual(['node-1', true])
  })
})

/** What the cluster takes the member of this name for the primary of. */
function ownedBy(name: string, cluster: SimNode['cluster']): readonly number[] {
  const partitions = Array.from({ length: ring.partitions }, (_, partition) => partition)
  return partitions.filter((partition) => cluster.holdersForPartition(partition)[0]?.name === name)
}

describe('in the modes of Go libring, a member that drains', () => {
  const active = { ring: 'active' }
  const go: SimClusterOptions = {
    assignment: 'go-consistent',
    watchTags: { ring: /^active$/ },
  }

  test('drops the watched tag, and waits for no member that runs no libring', async () => {
    const world = new World({ seed: 6, nodes: 0 })
    world.names.set('cluster.sim', ['10.0.0.1', '10.0.0.2'])
    const watch = new KeyWatch(world)
    const options = { ...ring, assignment: 'go-consistent' } as const
    for (let i = 0; i < 3; i++) {
      const node = world.addNode({ tags: { ...active, at: String(i) } }, { ...options, ...go })
      watch.watch(node, options)
    }
    // A member of the ring by its tags, such as Go libring.
    const plain = world.addNode({ tags: active }, () => [])
    await world.run(25_000)
    const [node, other] = world.nodes as [SimNode, SimNode]
    expect(other.cluster.members.map(({ name }) => name)).toContain(plain.name)
    const timeouts: string[] = []
    for (const { cluster } of world.nodes.slice(0, 3)) {
      cluster.on('handoff-timeout', ({ member }) => timeouts.push(member))
    }
    const tags: unknown[] = []
    plain.gossip.subscribe(({ members }) => {
      for (const member of members) if (member.name === node.name) tags.push(member.tags)
    })
    const drained = node.cluster.drain()
    await world.run(10_000)
    expect(await stateOf(drained)).toBe('resolved')
    expect(tags).toContainEqual({ at: '0', libring: expect.stringContaining(',d,') })
    expect([watch.faults, timeouts]).toEqual([[], []])
    for (let partition = 0; partition < ring.partitions; partition++) {
      const owner = other.cluster.holdersForPartition(partition)[0]!.name
      expect(['node-1', 'node-2', plain.name]).toContain(owner)
    }
    expect(watch.holders).toEqual(new Set(['node-1', 'node-2']))
  })
})

describe('a run', () => {
  /** Three that run on nodes of a network, of which the first has handlers that never end. */
  async function three() {
    const bench = new Bench()
    const signals = [0, 1, 2].map(() => new ScriptedSignals())
    const clusters = signals.map((own, at) => {
      const membership = bench.node(at + 1, { bootstrapHosts: ['10.0.0.1'] })
      const hang = at === 0 ? { onRelease: () => new Promise<void>(() => {}) } : {}
      const ports = {
        clock: bench.clock,
        signals: own,
        createGossip: () => expect.unreachable('each has its node'),
      }
      return new Cluster({ ...ring, membership, ...hang }, ports)
    })
    const runs = clusters.map((cluster) => cluster.run())
    await bench.settled(passed(bench, 20_000))
    return { bench, signals, clusters, runs }
  }

  /** Time that passes while promises settle. */
  function passed(bench: Bench, ms: number): Promise<void> {
    return new Promise((resolve) => void bench.clock.at(bench.clock.nowMs() + ms, resolve))
  }

  test('ends by handing over, once it is signalled', async () => {
    const { bench, signals, clusters, runs } = await three()
    expect(clusters[2]!.members).toHaveLength(3)
    signals[1]!.send('SIGTERM')
    await bench.settled(passed(bench, 15_000))
    expect(await stateOf(runs[1]!)).toBe('resolved')
    expect(clusters[2]!.members.map(({ name }) => name)).toEqual(['node-1', 'node-3'])
    expect(clusters.map(({ stats }) => stats.takenFromSilence)).toEqual([0, 0, 0])
  })

  test('ends at once by a second signal, whatever handlers do', async () => {
    const { bench, signals, runs } = await three()
    signals[0]!.send('SIGTERM')
    await bench.settled(passed(bench, 3_000))
    expect(await stateOf(runs[0]!)).toBe('pending')
    signals[0]!.send('SIGTERM')
    expect(await stateOf(runs[0]!)).toBe('resolved')
    expect(signals[0]!.watched).toEqual([])
  })
})
