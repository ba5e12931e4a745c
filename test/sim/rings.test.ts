import { describe, expect, test } from 'vitest'
import { World, type SimNode } from 'libring/sim'
import { KeyWatch } from '../support/key-watch.ts'

// Several rings over the same nodes, each with members of its own; and members that become routers
// and back, by their tags.

const ring = { partitions: 32, redundancy: 2 } as const

/** Two rings on every node; which of them it is a member of, its tags say. */
class Rings {
  readonly world: World
  readonly jobs: KeyWatch
  readonly rooms: KeyWatch
  /** Hand-offs that waited in vain, and steps, as they came. */
  readonly timeouts: string[] = []
  readonly steps: string[] = []

  constructor(tags: readonly (readonly ('jobs' | 'rooms')[])[]) {
    this.world = new World({ seed: 3, nodes: 0, lossRate: 0.02 })
    this.world.names.set('cluster.sim', ['10.0.0.1', '10.0.0.2'])
    this.jobs = new KeyWatch(this.world)
    this.rooms = new KeyWatch(this.world)
    for (const names of tags) this.add(...names)
  }

  add(...names: readonly ('jobs' | 'rooms')[]): SimNode {
    const tags = Object.fromEntries(names.map((name) => [name, 'yes']))
    const node = this.world.addNode({ tags }, () =>
      (['jobs', 'rooms'] as const).map((name) => ({ ...ring, name, watchTags: { [name]: /yes/ } })),
    )
    for (const [at, watch] of [this.jobs, this.rooms].entries()) {
      const cluster = node.clusters[at]!
      const name = at === 0 ? 'jobs' : 'rooms'
      watch.watch(node, ring, cluster)
      cluster.on('handoff-timeout', ({ member }) => this.timeouts.push(`${name} ${member}`))
      for (const type of ['acquire', 'change', 'release'] as const) {
        cluster.on(type, () => this.steps.push(name))
      }
    }
    return node
  }

  /** Of both rings: who serves any key, how many keys are served, and whether any was twice. */
  get outcome() {
    return [this.jobs, this.rooms].map(({ holders, served, count, faults }) => {
      return [...[...holders].sort(), served === count, ...faults]
    })
  }
}

const five = (): Rings => {
  return new Rings([['jobs', 'rooms'], ['jobs'], ['jobs'], ['rooms'], ['rooms']])
}

describe('rings of one node', () => {
  test('have members of their own, and hand over without regard to each other', () => {
    const rings = five()
    rings.world.runFor(25_000)
    rings.add('jobs')
    rings.world.runFor(20_000)
    expect(rings.outcome).toEqual([
      ['node-0', 'node-1', 'node-2', 'node-5', true],
      ['node-0', 'node-3', 'node-4', true],
    ])
    expect(rings.timeouts).toEqual([])
  })

  test('drain one by one: the other one notices nothing', async () => {
    const rings = five()
    await rings.world.run(25_000)
    const [node] = rings.world.nodes
    rings.steps.length = 0
    const drained = node!.clusters[0]!.drain()
    await rings.world.run(20_000)
    await drained
    expect(rings.outcome).toEqual([
      ['node-1', 'node-2', true],
      ['node-0', 'node-3', 'node-4', true],
    ])
    expect(new Set(rings.steps)).toEqual(new Set(['jobs']))
    expect([rings.timeouts, node!.gossip.status]).toEqual([[], 'alive'])
    const last = node!.clusters[1]!.drain()
    await rings.world.run(20_000)
    await last
    expect(rings.outcome[1]).toEqual(['node-3', 'node-4', true])
    expect(node!.gossip.status).toBe('stopped')
  })

  test.each(['for good', 'to return'] as const)(
    'stop %s one by one, and nobody waits for one that stopped',
    async (how) => {
      const rings = five()
      await rings.world.run(25_000)
      const stopped = rings.world.nodes[0]!.clusters[0]!.stop({ returning: how === 'to return' })
      await rings.world.run(20_000)
      await stopped
      rings.add('jobs')
      await rings.world.run(20_000)
      expect(rings.outcome[0]).toEqual(['node-1', 'node-2', 'node-5', true])
      expect(rings.timeouts).toEqual([])
    },
  )
})

describe('a router', () => {
  test('that becomes a member takes its share, and hands it over before it is a router', async () => {
    const rings = new Rings([['jobs'], ['jobs'], ['jobs'], []])
    const [other, , , node] = rings.world.nodes
    await rings.world.run(25_000)
    const standing = (): string | undefined => {
      const seen = other!.members().find(({ name }) => name === node!.name)
      return /1,jobs,(\w),/.exec(seen?.tags['libring'] ?? '')?.[1]
    }
    expect([rings.outcome[0], standing()]).toEqual([['node-0', 'node-1', 'node-2', true], 'o'])
    for (let times = 0; times < 2; times++) {
      void node!.cluster.setTags({ jobs: 'yes' })
      await rings.world.run(15_000)
      expect(rings.outcome[0]).toEqual(['node-0', 'node-1', 'node-2', 'node-3', true])
      void node!.cluster.setTags({})
      // As long as it serves anything it says that it drains.
      await rings.world.until(() => standing() === 'd', 5_000)
      await rings.world.until(() => standing() === 'o', 15_000)
      expect(rings.outcome[0]).not.toContain('node-3')
      // The last key that it let go may still be on its way to whoever takes it.
      await rings.world.run(1_000)
      expect(rings.outcome[0]).toEqual(['node-0', 'node-1', 'node-2', true])
    }
    expect([rings.timeouts, rings.jobs.longestGapMs < 1_000]).toEqual([[], true])
    expect(node!.cluster.ownerForKey('k')?.name).toBe(other!.cluster.ownerForKey('k')?.name)
  })

  test('has no say, though there are more of them', async () => {
    const world = new World({
      seed: 4,
      nodes: 5,
      cluster: ({ name }) => ({
        ...ring,
        partitions: name < 'node-2' ? 32 : 16,
        watchTags: { jobs: /yes/ },
      }),
    })
    for (const node of world.nodes.slice(0, 2)) void node.cluster.setTags({ jobs: 'yes' })
    await world.run(20_000)
    expect(world.nodes[0]!.cluster.members).toHaveLength(2)
    expect(() => world.nodes[4]!.cluster.ownerForKey('k')).toThrow('partitions 16 here, 32 there')
  })
})
