import { describe, expect, test } from 'vitest'
import { Promises, World, type SimNode } from 'libring/sim'

// What a cluster goes through on an ordinary day: members that restart one by one, and a crowd
// that joins at once. Grace is tried in grace.test.ts.

const RING = { partitions: 128, redundancy: 2, concurrentHandoffs: 4 } as const
const answers = () => ({ afterMs: 50 })

/** A cluster that has come to rest, and who watches it. */
async function settled(seed: number, nodes: number): Promise<{ world: World; promises: Promises }> {
  const world = new World({ seed, nodes, latencyMs: [1, 20], cluster: { ...RING, answers } })
  const promises = new Promises(world, RING)
  await world.until(() => promises.unrest().length === 0, 120_000)
  return { world, promises }
}

/** Who is assigned every index of every partition, as one node sees it, as `partition/index name`. */
function slotsOf({ cluster }: SimNode): Set<string> {
  const slots = Array.from({ length: RING.partitions }, (_, partition) => {
    return cluster.holdersForPartition(partition).map(({ name }) => `${partition} ${name}`)
  })
  return new Set(slots.flat())
}

/** How many holders a change has brought that were not there before. */
function moves(before: ReadonlySet<string>, after: ReadonlySet<string>): number {
  return [...after].filter((slot) => !before.has(slot)).length
}

describe('ten members restarted one by one, 20 s each, without grace', () => {
  // What has to move when one of ten goes is what it held; when it is back, as much comes to it.
  const SHARE = (RING.partitions * RING.redundancy) / 10

  test.each(['killed', 'stopped'] as const)(
    '%s: what the assignment has to move moves, and nothing else',
    async (how) => {
      const { world, promises } = await settled(1, 10)
      let moved = 0
      let acquired = 0
      world.observe({
        onBegin: ({ cluster }) => void cluster.on('acquire', () => void acquired++),
      })
      for (const node of world.nodes.slice()) {
        const other = world.nodes.find((it) => it !== node)!
        const before = slotsOf(other)
        if (how === 'killed') node.crash()
        else await Promise.all([node.stop(), world.until(() => !node.isUp, 30_000)])
        await world.run(20_000)
        const between = slotsOf(other)
        node.restart()
        await world.until(() => promises.unrest().length === 0, 120_000)
        moved += moves(before, between) + moves(between, slotsOf(other))
      }
      expect(promises.breaches).toEqual([])
      // Nothing moves but what the assignment says, and that is not far from what has to.
      expect(acquired).toBeLessThanOrEqual(moved)
      expect(acquired).toBeGreaterThan(moved / 2)
      expect(moved / (20 * SHARE)).toBeGreaterThan(0.9)
      expect(moved / (20 * SHARE)).toBeLessThan(1.4)
    },
  )
})

describe('twenty that join within 5 s', () => {
  test('are one plan a settle window, and never too many hand-offs at once', async () => {
    const { world, promises } = await settled(2, 10)
    const old = world.nodes.slice()
    const plans = new Map(old.map(({ name }) => [name, 0]))
    for (const { name, cluster } of old) {
      cluster.on('rebalance', () => plans.set(name, plans.get(name)! + 1))
    }
    for (let i = 0; i < 20; i++) {
      world.addNode()
      await world.run(250)
    }
    await world.run(5_000)
    // Windows of one second, from the first news to the last.
    expect(Math.max(...plans.values())).toBeLessThanOrEqual(7)
    expect(Math.min(...plans.values())).toBeGreaterThanOrEqual(4)
    await world.until(() => promises.unrest().length === 0, 300_000)
    expect(promises.breaches).toEqual([])
    expect(old[0]!.cluster.members).toHaveLength(30)
  })
})
