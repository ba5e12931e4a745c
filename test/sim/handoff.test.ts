import { describe, expect, test } from 'vitest'
import { CLUSTER_NAME, World, type SimNode, type WorldOptions } from 'libring/sim'

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

  /** The process is gone, and whatever it held. */
  gone({ name }: SimNode): void {
    for (const holders of this.#holders.values()) holders.delete(name)
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

describe('a member that has not heard that another one is back', () => {
  test('is told by the one that asks it, and is not taken for silent', () => {
    const [world, primaries] = aWorld(6, { seed: 2 })
    world.runFor(20_000)
    const [back, deaf] = [world.nodes[4]!, world.nodes[5]!]
    back.crash()
    primaries.gone(back)
    world.runUntil(() => deaf.members().some(({ status }) => status === 'failed'), 20_000)
    world.runFor(5_000)
    const timeouts: string[] = []
    back.restart()
    primaries.watch(back)
    back.cluster.on('handoff-timeout', ({ member }) => timeouts.push(member))
    // Long enough for the news to have been told by everybody as often as it is told.
    world.inject({ type: 'loss', to: [deaf.name], rate: 1 })
    world.runFor(1_500)
    world.inject({ type: 'heal' })
    const status = (): string | undefined => {
      return deaf.members().find(({ name }) => name === back.name)?.status
    }
    expect(status()).toBe('failed')
    world.runUntil(() => status() === 'alive', 3_000)
    world.runFor(12_000)
    expect([primaries.served, primaries.faults, timeouts]).toEqual([64, [], []])
    expect(Array.from({ length: 64 }, (_, at) => primaries.of(at)).flat()).toContain(back.name)
  })
})

describe('nodes that encrypt what they say', () => {
  const keys = [new Uint8Array(32).fill(1), new Uint8Array(16).fill(2)]

  test('hand over as others do, under any of their keys', async () => {
    const options = { bootstrapHosts: [CLUSTER_NAME], keyring: keys }
    const [world, primaries] = aWorld(4, { options, lossRate: 0.02 })
    world.runFor(25_000)
    expect(primaries.served).toBe(64)
    const node = world.addNode({ keyring: keys.toReversed() })
    primaries.watch(node)
    world.runFor(20_000)
    const drained = world.nodes[0]!.cluster.drain()
    await world.run(20_000)
    await drained
    const held = new Set(Array.from({ length: 64 }, (_, at) => primaries.of(at)).flat())
    expect([primaries.served, primaries.faults]).toEqual([64, []])
    expect(held).toEqual(new Set(['node-1', 'node-2', 'node-3', node.name]))
    expect(world.nodes.map(({ cluster }) => cluster.stats.takenFromSilence)).toEqual([
      0, 0, 0, 0, 0,
    ])
  })
})
