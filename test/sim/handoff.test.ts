import { describe, expect, test } from 'vitest'
import { World, type SimNode, type WorldOptions } from 'libring/sim'

// Goal: clusters on different nodes hand partitions over to one another, by real messages over a
// simulated network. Method: worlds of real nodes and clusters; who holds what is read off the
// steps of each.

const ring = { partitions: 64, redundancy: 2 } as const

/** Who holds index 0 of each partition, by the steps that the clusters told. */
class Primaries {
  readonly #holders = new Map<number, Set<string>>()
  readonly faults: string[] = []

  watch(node: SimNode): void {
    const holders = (partition: number): Set<string> => {
      const known = this.#holders.get(partition) ?? new Set()
      this.#holders.set(partition, known)
      return known
    }
    const { cluster, name } = node
    const take = (partition: number): void => {
      holders(partition).add(name)
      if (holders(partition).size < 2) return
      this.faults.push(`${partition} is held by ${[...holders(partition)].join(' and ')}`)
    }
    cluster.on('acquire', ({ partition, replica }) => {
      if (replica === 0) take(partition)
    })
    cluster.on('change', ({ partition, replica }) => {
      if (replica === 0) take(partition)
      else holders(partition).delete(name)
    })
    cluster.on('release', ({ partition, replica }) => {
      if (replica === 0) holders(partition).delete(name)
    })
  }

  of(partition: number): readonly string[] {
    return [...(this.#holders.get(partition) ?? [])]
  }

  /** How many partitions have exactly one. */
  get served(): number {
    return [...this.#holders.values()].filter((holders) => holders.size === 1).length
  }
}

function aWorld(nodes: number, more: Partial<WorldOptions> = {}): [World, Primaries] {
  const primaries = new Primaries()
  const world = new World({ seed: 1, nodes, cluster: ring, ...more })
  for (const node of world.nodes) primaries.watch(node)
  return [world, primaries]
}

describe('a member that joins', () => {
  test('takes its share from those who hold it, one primary at a time', () => {
    const [world, primaries] = aWorld(4)
    world.runFor(20_000)
    expect(primaries.served).toBe(64)
    const node = world.addNode()
    primaries.watch(node)
    world.runFor(20_000)
    const share = Array.from({ length: 64 }, (_, partition) => primaries.of(partition)).flat()
    expect([primaries.served, primaries.faults]).toEqual([64, []])
    expect(share.filter((name) => name === node.name).length).toBeGreaterThan(8)
    for (let partition = 0; partition < 64; partition++) {
      const owner = node.cluster.holdersForPartition(partition)[0]!.name
      expect([partition, primaries.of(partition)]).toEqual([partition, [owner]])
    }
  })
})

describe('a member that drains', () => {
  test('serves each partition until it is handed over, then leaves', async () => {
    const [world, primaries] = aWorld(4)
    world.runFor(20_000)
    const [node] = world.nodes
    const drained = node!.cluster.drain()
    await world.run(20_000)
    await drained
    expect([primaries.served, primaries.faults]).toEqual([64, []])
    const held = Array.from({ length: 64 }, (_, partition) => primaries.of(partition)).flat()
    expect(held).not.toContain(node!.name)
    const seen = world.nodes[1]!.members().find(({ name }) => name === node!.name)
    expect(seen?.status).toBe('left')
  })
})
