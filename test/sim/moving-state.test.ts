import { describe, expect, test } from 'vitest'
import { World, type SimNode } from 'libring/sim'

// Goal: what a handler leaves to its successor arrives when a member drains, and only then.
// Method: three members; one goes in each of two ways; what the others are told is looked at.

const PARTITIONS = 24
const utf8 = { encoder: new TextEncoder(), decoder: new TextDecoder() }

interface Taken {
  readonly partition: number
  readonly state: string | undefined
}

/** What each acquire found, by the name of who acquired. */
function aWorld(): { world: World; taken: Map<string, Taken[]> } {
  const taken = new Map<string, Taken[]>()
  const world = new World({
    seed: 1,
    nodes: 3,
    cluster: ({ name }) => ({
      partitions: PARTITIONS,
      redundancy: 1,
      onAcquire: ({ partition, state }) => {
        const list = taken.get(name) ?? []
        taken.set(name, list)
        list.push({ partition, state: state && utf8.decoder.decode(state) })
      },
      onRelease: ({ partition }) => utf8.encoder.encode(`${partition} of ${name}`),
    }),
  })
  return { world, taken }
}

async function takenAfter(go: (node: SimNode) => Promise<void>): Promise<Taken[]> {
  const { world, taken } = aWorld()
  await world.run(30_000)
  const [node] = world.nodes as [SimNode]
  const had = new Set(
    Array.from({ length: PARTITIONS }, (_, partition) => partition).filter((partition) => {
      return node.cluster.holdersForPartition(partition)[0]?.name === node.name
    }),
  )
  for (const list of taken.values()) list.length = 0
  const gone = go(node)
  await world.run(40_000)
  await gone
  // One more may move between those who stay.
  const found = [...taken.values()].flat().filter(({ partition }) => had.has(partition))
  expect(new Set(found.map(({ partition }) => partition))).toEqual(had)
  expect(had.size).toBeGreaterThan(0)
  return found
}

describe('a member', () => {
  test('that drains leaves its state to those who take over', async () => {
    for (const { partition, state } of await takenAfter(({ cluster }) => cluster.drain())) {
      expect(state).toBe(`${partition} of node-0`)
    }
  })

  test('that stops leaves it to nobody', async () => {
    const found = await takenAfter(({ cluster }) => cluster.stop())
    expect(found.map(({ state }) => state)).toEqual(found.map(() => undefined))
  })
})
