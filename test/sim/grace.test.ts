import { describe, expect, test } from 'vitest'
import { World, type SimNode } from 'libring/sim'

// Members that restart in place: each of ten in turn is gone for 35 s, after which some others have
// forgotten its farewell and some have not. With grace their homes stay what they are, and nobody who
// stays has to fetch anything.

const PARTITIONS = 128
const AWAY_MS = 35_000
/** How long handing back may take, eight at a time. */
const HANDOVER_MS = 40_000

const partitions = Array.from({ length: PARTITIONS }, (_, partition) => partition)

/** Names of the homes of every partition, as one node sees them. */
function homesSeenBy({ cluster }: SimNode): string {
  return JSON.stringify(
    partitions.map((partition) => cluster.homesForPartition(partition).map(({ name }) => name)),
  )
}

/** Names of the holders of every partition, as one node sees them. */
function holdersSeenBy({ cluster }: SimNode): string {
  return JSON.stringify(
    partitions.map((partition) => cluster.holdersForPartition(partition).map(({ name }) => name)),
  )
}

/** A cluster of ten, and what its nodes are told from now on. */
class Fleet {
  readonly world: World
  /** Acquires of those that were not restarted just now. */
  readonly acquires: string[] = []
  /** Views with other homes than at first. */
  readonly moves: string[] = []
  #homes = ''
  #restarted: SimNode | undefined

  constructor(seed: number, graceMs: number) {
    this.world = new World({
      seed,
      nodes: 10,
      latencyMs: [1, 20],
      cluster: { partitions: PARTITIONS, redundancy: 2, graceMs },
    })
  }

  async form(): Promise<void> {
    await this.world.until(() => this.isSettled, 60_000)
    await this.world.run(HANDOVER_MS)
    this.#homes = homesSeenBy(this.world.nodes[0]!)
    for (const node of this.world.nodes) this.#watch(node)
  }

  /** All see all, and each holds what it is to hold. */
  get isSettled(): boolean {
    const up = this.world.nodes.filter((node) => node.isUp)
    return (
      up.every(({ cluster }) => cluster.members.length === up.length) &&
      new Set(up.map(holdersSeenBy)).size === 1
    )
  }

  async restart(
    node: SimNode,
    how: 'killed' | 'stopped to return' | 'stopped',
    host: string = node.host,
  ): Promise<void> {
    this.#restarted = node
    if (how !== 'killed') {
      let hasStopped = false
      const stopping = node.cluster.stop({ returning: how === 'stopped to return' })
      void stopping.then(() => (hasStopped = true))
      await this.world.until(() => hasStopped, 15_000)
    }
    node.crash()
    await this.world.run(AWAY_MS)
    node.restart({ host })
    this.#watch(node)
    await this.world.until(() => this.isSettled, 60_000)
    await this.world.run(HANDOVER_MS)
  }

  #watch(node: SimNode): void {
    const { cluster } = node
    cluster.on('acquire', ({ partition, replica }) => {
      if (node !== this.#restarted) this.acquires.push(`${node.name} ${partition} ${replica}`)
    })
    cluster.on('rebalance', ({ epoch }) => {
      if (homesSeenBy(node) !== this.#homes) this.moves.push(`${node.name} ${epoch}`)
    })
  }
}

describe.each([6, 9])('seed %i', (seed) => {
  test.each(['killed', 'stopped to return'] as const)(
    'ten that are %s one by one move no home, and nobody else fetches anything',
    async (how) => {
      const fleet = new Fleet(seed, 60_000)
      await fleet.form()
      for (const node of fleet.world.nodes) await fleet.restart(node, how)
      expect(fleet.moves).toEqual([])
      expect(fleet.acquires).toEqual([])
    },
  )
})

describe('without grace', () => {
  test.each(['killed', 'stopped to return'] as const)(
    'others fetch what %s ones had',
    async (how) => {
      const fleet = new Fleet(1, 0)
      await fleet.form()
      const [node] = fleet.world.nodes
      await fleet.restart(node!, how)
      expect(fleet.moves.length).toBeGreaterThan(0)
      expect(fleet.acquires.length).toBeGreaterThan(0)
    },
  )
})

test('who leaves for good is not waited for', async () => {
  const fleet = new Fleet(1, 60_000)
  await fleet.form()
  await fleet.restart(fleet.world.nodes[3]!, 'stopped')
  expect(fleet.acquires.length).toBeGreaterThan(0)
})

/** Who acts for a member, and what happens while it is away for longer. */
describe('a member that is away', () => {
  test('gets its partitions back at another address', async () => {
    const fleet = new Fleet(3, 60_000)
    await fleet.form()
    const node = fleet.world.nodes[4]!
    await fleet.restart(node, 'killed', fleet.world.freshHost())
    expect([fleet.moves, fleet.acquires]).toEqual([[], []])
    const held = partitions.filter(
      (p) => node.cluster.holdersForPartition(p)[0]?.name === node.name,
    )
    expect(held.length).toBeGreaterThan(0)
  })

  test('gets its partitions back though its clock was set back', async () => {
    const fleet = new Fleet(3, 60_000)
    await fleet.form()
    const node = fleet.world.nodes[4]!
    node.skew(-3_600_000)
    await fleet.restart(node, 'killed')
    expect([fleet.moves, fleet.acquires]).toEqual([[], []])
  })

  test('is known to whoever joins meanwhile, from its first view on', async () => {
    const fleet = new Fleet(4, 60_000)
    await fleet.form()
    const gone = fleet.world.nodes[2]!
    gone.crash()
    await fleet.world.run(15_000)
    const node = fleet.world.addNode()
    const first: string[] = []
    node.cluster.on('rebalance', () => first.push(homesSeenBy(node)))
    await fleet.world.until(() => fleet.isSettled && first.length > 0, 30_000)
    expect(first[0]).toBe(homesSeenBy(fleet.world.nodes[0]!))
    expect(first[0]).toContain(`"${gone.name}"`)
  })

  test('loses its homes everywhere once its time is over', async () => {
    const fleet = new Fleet(5, 30_000)
    await fleet.form()
    const gone = fleet.world.nodes[2]!
    gone.crash()
    await fleet.world.run(30_000)
    expect(fleet.moves).toEqual([])
    await fleet.world.run(20_000)
    const views = fleet.world.nodes.filter((node) => node.isUp).map(homesSeenBy)
    expect(new Set(views).size).toBe(1)
    expect(views[0]).not.toContain(`"${gone.name}"`)
  })

  test('keeps nothing with those who slept through its time', async () => {
    const fleet = new Fleet(6, 30_000)
    await fleet.form()
    const [sleeper, gone] = fleet.world.nodes as [SimNode, SimNode]
    sleeper.pause()
    gone.crash()
    await fleet.world.run(120_000)
    sleeper.resume()
    await fleet.world.run(30_000)
    const views = fleet.world.nodes.filter((node) => node.isUp).map(homesSeenBy)
    expect(new Set(views).size).toBe(1)
    expect(views[0]).not.toContain(`"${gone.name}"`)
  })
})
