import { describe, expect, test } from 'vitest'
import { World, type SimNode } from 'libring/sim'

// Goal: a member whose process is stopped for longer than the others wait yields to whoever
// succeeds it, from its first instruction on. Method: worlds of real nodes and clusters, one of
// which is paused; a store that keeps the highest (token, member) of each partition is written to
// by everybody who believes to hold it.

const ring = { partitions: 16, redundancy: 2 } as const
const ALL = Array.from({ length: ring.partitions }, (_, partition) => partition)

interface Writer {
  readonly token: bigint
  readonly member: string
}

/** Accepts a write iff (token, member) is not below the pair that it has. */
class Store {
  readonly #highest = new Map<number, Writer>()

  write(partition: number, token: bigint, member: string): 'accepted' | 'refused' {
    const last = this.#highest.get(partition)
    const isLower = last && (token < last.token || (token === last.token && member < last.member))
    if (isLower) return 'refused'
    this.#highest.set(partition, { token, member })
    return 'accepted'
  }

  writerOf(partition: number): string | undefined {
    return this.#highest.get(partition)?.member
  }
}

/** Partitions of which the members believe to hold index 0, by the name of the member. */
function holders(world: World, partition: number): readonly string[] {
  const up = world.nodes.filter((node) => node.isUp && !node.isPaused)
  return up.filter(({ cluster }) => cluster.held(partition)?.valid).map(({ name }) => name)
}

/** Five members that hold what they are to hold, and what each told since. */
function aWorld(seed: number) {
  const told: string[] = []
  const world = new World({
    seed,
    nodes: 5,
    cluster: (node: SimNode) => ({
      ...ring,
      onAcquire: ({ partition }) => void told.push(`${node.name} acquires ${partition}`),
      onRelease: ({ partition }) => void told.push(`${node.name} releases ${partition}`),
      onChange: ({ partition }) => void told.push(`${node.name} changes ${partition}`),
    }),
  })
  return { world, told }
}

describe('a member whose process is stopped for a minute', () => {
  test.each([1, 2, 3, 4])('yields to its successors, with seed %i', async (seed) => {
    const { world, told } = aWorld(seed)
    await world.run(30_000)
    const [node, ...others] = world.nodes
    const { cluster, name } = node!
    const mine = ALL.flatMap((partition) => cluster.held(partition) ?? [])
    expect(mine.length).toBeGreaterThan(0)
    const store = new Store()
    for (const { partition, token } of mine) {
      expect(store.write(partition, token, name)).toBe('accepted')
    }

    node!.pause()
    await world.run(60_000)
    for (const { partition } of mine) {
      const successor = others.find((other) => other.cluster.held(partition)?.valid)
      const { token } = successor!.cluster.held(partition)!
      expect(store.write(partition, token, successor!.name)).toBe('accepted')
    }

    const before = told.length
    node!.resume()
    // What user code could do first of all.
    expect(mine.map(({ valid }) => valid)).toEqual(mine.map(() => false))
    for (const { partition, token } of mine) {
      expect(store.write(partition, token, name)).toBe('refused')
    }
    expect(told.length).toBe(before)

    await world.run(60_000)
    expect(cluster.stats.stalls).toBe(1)
    for (const partition of ALL) {
      const owner = cluster.holdersForPartition(partition)[0]!.name
      expect([partition, holders(world, partition)]).toEqual([partition, [owner]])
    }
    for (const { partition, signal } of mine) {
      expect([partition, signal.aborted]).toEqual([partition, true])
    }
  })

  test('is never valid beside another, while partitions move', async () => {
    const faults: string[] = []
    for (const seed of [5, 6, 7]) {
      const { world } = aWorld(seed)
      await world.run(30_000)
      const look = (): void => {
        for (const partition of ALL) {
          const names = holders(world, partition)
          if (names.length > 1)
            faults.push(`${seed}: ${partition} is held by ${names.join(' and ')}`)
        }
      }
      world.nodes[0]!.pause()
      await world.run(20_000)
      world.nodes[1]!.pause()
      for (let i = 0; i < 200; i++) {
        await world.run(100)
        look()
      }
      world.nodes[0]!.resume()
      look()
      world.nodes[1]!.resume()
      look()
      for (let i = 0; i < 600; i++) {
        await world.run(50)
        look()
      }
      expect(ALL.flatMap((partition) => holders(world, partition))).toHaveLength(ALL.length)
    }
    expect(faults).toEqual([])
  })

  test('starts no handler before it has reached another', async () => {
    const { world, told } = aWorld(8)
    await world.run(30_000)
    const [node] = world.nodes
    node!.pause()
    await world.run(60_000)
    // It is cut off, so that it does not reach anybody.
    world.split([node!])
    const before = told.filter((line) => line.startsWith(node!.name)).length
    node!.resume()
    await world.run(9_000)
    expect(told.filter((line) => line.startsWith(node!.name))).toHaveLength(before)
    world.heal()
    await world.run(30_000)
    expect(told.filter((line) => line.startsWith(node!.name)).length).toBeGreaterThan(before)
  })
})

test('a pause that nobody minds ends nothing', async () => {
  const { world, told } = aWorld(9)
  await world.run(30_000)
  const [node] = world.nodes
  const mine = ALL.flatMap((partition) => node!.cluster.held(partition) ?? [])
  const before = told.length
  node!.pause()
  await world.run(3_000)
  node!.resume()
  await world.run(30_000)
  expect([told.length, mine.every(({ valid }) => valid)]).toEqual([before, true])
})
