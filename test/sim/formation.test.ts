import { describe, expect, test } from 'vitest'
import { World, type SimNode } from 'libring/sim'
import { KeyWatch } from '../support/key-watch.ts'

// How many members have to be there before anything is held: at first, and for one that comes late.

const ring = { partitions: 64, redundancy: 2 } as const
const waiting = { ...ring, minMembers: 3 } as const

class Formation {
  readonly world: World
  readonly watch: KeyWatch

  constructor(nodes: number) {
    this.world = new World({ seed: 1, nodes, lossRate: 0.02, cluster: waiting })
    this.watch = new KeyWatch(this.world)
    for (const node of this.world.nodes) this.watch.watch(node, ring)
  }

  add(): SimNode {
    const node = this.world.addNode()
    this.watch.watch(node, ring)
    return node
  }

  crash(...nodes: readonly SimNode[]): void {
    for (const node of nodes) {
      node.crash()
      this.watch.gone(node)
    }
  }

  /** How many keys are served, and whether any was served twice. */
  get outcome(): readonly [served: number, faults: readonly string[]] {
    return [this.watch.served, this.watch.faults]
  }
}

describe('a ring that forms', () => {
  test('holds nothing while two of three are there, however long', () => {
    const { world, watch } = new Formation(2)
    world.runFor(300_000)
    expect(watch.served).toBe(0)
    // They see each other all the while.
    expect(world.nodes.map(({ cluster }) => cluster.members.length)).toEqual([2, 2])
  })

  test('begins with the third, everywhere', () => {
    const formation = new Formation(2)
    formation.world.runFor(60_000)
    formation.add()
    formation.world.runFor(10_000)
    expect(formation.outcome).toEqual([formation.watch.count, []])
    expect(formation.watch.holders.size).toBe(3)
  })

  test('goes on when two are left', () => {
    const formation = new Formation(3)
    formation.world.runFor(15_000)
    formation.crash(formation.world.nodes[2]!)
    formation.world.runFor(30_000)
    expect(formation.outcome).toEqual([formation.watch.count, []])
  })
})

describe('a member that comes when fewer are left', () => {
  test('takes part, as the others say that so many have been there', () => {
    const formation = new Formation(3)
    formation.world.runFor(15_000)
    formation.crash(formation.world.nodes[1]!, formation.world.nodes[2]!)
    formation.world.runFor(30_000)
    const late = formation.add()
    formation.world.runFor(15_000)
    expect(formation.watch.holders).toEqual(new Set(['node-0', late.name]))
    expect(formation.outcome).toEqual([formation.watch.count, []])
  })

  test('takes over from the last one that drains', async () => {
    const formation = new Formation(3)
    formation.world.runFor(15_000)
    formation.crash(formation.world.nodes[1]!, formation.world.nodes[2]!)
    formation.world.runFor(30_000)
    const late = formation.add()
    await formation.world.run(1_500)
    const drained = formation.world.nodes[0]!.cluster.drain()
    await formation.world.run(20_000)
    await drained
    expect(formation.watch.holders).toEqual(new Set([late.name]))
    expect(formation.outcome).toEqual([formation.watch.count, []])
  })

  test('does not take one for a ring that drains, or stops to return, before it has formed', async () => {
    for (const how of ['drain', 'return'] as const) {
      const formation = new Formation(2)
      await formation.world.run(10_000)
      const { cluster } = formation.world.nodes[0]!
      const gone = how === 'drain' ? cluster.drain() : cluster.stop({ returning: true })
      await formation.world.run(60_000)
      await gone
      expect([how, formation.watch.served]).toEqual([how, 0])
    }
  })

  test('waits where the others run another ring, or are routers', async () => {
    const world = new World({
      seed: 1,
      nodes: 4,
      cluster: ({ name }) => {
        if (name === 'node-0') return { ...waiting, watchTags: { ring: /^active$/ } }
        if (name === 'node-1') return { ...ring, name: 'rooms' }
        return { ...waiting, watchTags: { ring: /^active$/ } }
      },
    })
    const acquired: string[] = []
    for (const node of [world.nodes[0]!, world.nodes[2]!, world.nodes[3]!]) {
      node.cluster.on('acquire', () => acquired.push(node.name))
    }
    const active = { ring: 'active' }
    void world.nodes[2]!.cluster.setTags(active)
    void world.nodes[3]!.cluster.setTags(active)
    await world.run(60_000)
    expect(acquired).toEqual([])
    void world.nodes[0]!.cluster.setTags(active)
    await world.run(10_000)
    expect(new Set(acquired)).toEqual(new Set(['node-0', 'node-2', 'node-3']))
  })
})
