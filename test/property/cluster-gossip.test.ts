import { expect, test } from 'vitest'
import { below, seededRandom, type Random } from '../../packages/libring/src/base/random.ts'
import { Cluster } from '../../packages/libring/src/cluster/cluster.ts'
import type { GossipNode } from '../../packages/libring/src/gossip/gossip-node.ts'
import { scriptedPorts } from '../support/cluster.ts'
import { RoleBook } from '../support/ownership.ts'
import { Bench } from '../support/simulated-node.ts'

const PARTITIONS = 64
const SEEDS = Array.from({ length: 8 }, (_, index) => 300 + index)

/** One cluster over a simulated node, with a book that refuses steps that do not follow. */
class Inhabitant {
  readonly node: GossipNode
  readonly cluster: Cluster
  readonly book: RoleBook = new RoleBook()
  /** Moments at which the steps told did not add up to the view. */
  readonly faults: string[] = []
  #seq = 0

  constructor(bench: Bench, last: number, redundancy: number) {
    this.node = bench.node(last, { profile: 'local', bootstrapHosts: ['cluster.sim'] })
    this.cluster = new Cluster(
      { membership: this.node, partitions: PARTITIONS, redundancy },
      { ...scriptedPorts(), clock: bench.clock },
    )
    for (const type of ['acquire', 'release', 'change'] as const) {
      this.cluster.on(type, (event) => {
        if (event.seq !== ++this.#seq) this.faults.push(`step ${event.seq} after ${this.#seq - 1}`)
        this.book.apply(event)
      })
    }
    this.cluster.on('rebalance', ({ epoch }) => {
      if (epoch !== this.cluster.stats.views) this.faults.push(`view ${epoch}`)
    })
    void this.cluster.start()
  }

  get members(): readonly string[] {
    return this.cluster.members.map(({ name }) => name)
  }

  get assigned(): readonly (readonly [number, number])[] {
    const { localName } = this.cluster
    return Array.from({ length: PARTITIONS }, (_, partition) => {
      const holders = this.cluster.holdersForPartition(partition)
      return [partition, holders.findIndex(({ name }) => name === localName)] as const
    }).filter(([, replica]) => replica >= 0)
  }
}

/** A bench whose name `cluster.sim` leads to its first nodes. */
function aWorld(): Bench {
  const bench = new Bench()
  bench.names.set('cluster.sim', ['10.0.0.1', '10.0.0.2', '10.0.0.3'])
  return bench
}

test('a member over a simulated network takes its place within the call that starts it', () => {
  const bench = aWorld()
  const ann = new Inhabitant(bench, 1, 1)
  expect(ann.cluster.localMember?.status).toBe('alive')
  bench.pass(10_000)
  expect(ann.book.entries()).toHaveLength(PARTITIONS)
})

// Goal: whatever members do, those that are left agree, and each was told exactly its roles.
// Method: a script of joins, crashes and farewells drawn from the seed; quiet; then compare.
test.each(SEEDS)('members that come, go and crash end in agreement: seed %i', async (seed) => {
  const random = seededRandom(seed)
  const bench = aWorld()
  const redundancy = 1 + below(random, 3)
  const present: Inhabitant[] = []
  let last = 0
  const enter = (): void => void present.push(new Inhabitant(bench, ++last, redundancy))
  for (let i = 0; i < 5; i++) enter()
  for (let turn = 0; turn < 12; turn++) {
    bench.pass(below(random, 8_000))
    const [chosen] = present.splice(1 + below(random, present.length - 1), 1)
    if (chosen === undefined || below(random, 3) === 0) enter()
    await depart(bench, random, chosen)
    if (present.length < 3) enter()
  }
  bench.pass(120_000)

  const names = present.map(({ cluster }) => cluster.localName).sort()
  for (const { book, faults, members, assigned } of present) {
    expect(members).toEqual(names)
    expect(book.entries()).toEqual(assigned)
    expect(faults).toEqual([])
  }
  const held = present.flatMap(({ book }) => book.entries())
  expect(held).toHaveLength(PARTITIONS * Math.min(redundancy, present.length))
  for (const { cluster } of present) await bench.settled(cluster.stop())
})

async function depart(bench: Bench, random: Random, who: Inhabitant | undefined): Promise<void> {
  if (who === undefined) return
  if (below(random, 2) === 0) {
    await who.node.stop()
    return
  }
  await bench.settled(who.cluster.stop())
  expect(who.book.entries()).toEqual([])
}
