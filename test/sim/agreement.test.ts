import { describe, expect, test } from 'vitest'
import { ConfigMismatchError } from 'libring'
import type { RingOptions } from 'libring/ring'
import { World, type SimNode } from 'libring/sim'
import { KeyWatch } from '../support/key-watch.ts'

// A deploy that changes what all have to agree on, member by member. Goal: at no moment has a key
// two primaries, whatever the partitions are called; the ring changes over once, when most members
// bear the new configuration; and whoever bears the other one says so at every lookup.

const NODES = 6

type How = 'killed' | 'killed and back at once' | 'drained'

/** Six members of which more and more bear the new configuration. */
class Deploy {
  readonly world: World
  readonly watch: KeyWatch
  /** By node: the configurations that it saw form the ring, one after another. */
  readonly seen = new Map<string, string[]>()
  /** By node: what it told of members that differ, the last time. */
  readonly mismatches = new Map<string, readonly Mismatch[]>()
  /** Lookups that answered beside others that threw, and the like. */
  readonly faults: string[] = []
  /** How often a lookup threw, and how many bore the new one when the ring first changed over. */
  thrown = 0
  changedOverAt: number | undefined
  readonly #old: RingOptions
  readonly #new: RingOptions
  readonly #updated = new Set<string>()

  constructor(seed: number, old: RingOptions, next: RingOptions) {
    this.#old = old
    this.#new = next
    this.world = new World({
      seed,
      nodes: NODES,
      latencyMs: [1, 20],
      lossRate: 0.02,
      cluster: (node) => this.#optionsOf(node),
    })
    this.watch = new KeyWatch(this.world)
    for (const node of this.world.nodes) this.#begin(node)
  }

  async form(): Promise<void> {
    await this.pass(25_000)
    expect([this.watch.served, this.watch.faults]).toEqual([this.watch.count, []])
  }

  async update(node: SimNode, how: How): Promise<void> {
    if (how === 'drained') {
      const drained = node.cluster.drain()
      await this.pass(12_000)
      await drained
    }
    node.crash()
    this.watch.gone(node)
    if (how !== 'killed and back at once') await this.pass(8_000)
    this.#updated.add(node.name)
    node.restart()
    this.#begin(node)
    await this.pass(25_000)
  }

  /** Let time pass, looking at every member all the while. */
  async pass(ms: number): Promise<void> {
    for (let leftMs = ms; leftMs > 0; leftMs -= 100) {
      await this.world.run(100)
      for (const node of this.world.nodes) if (node.isUp) this.#look(node)
    }
  }

  #begin(node: SimNode): void {
    this.watch.watch(node, this.#optionsOf(node))
    this.mismatches.delete(node.name)
    node.cluster.on('config-mismatch', ({ fields }) => this.mismatches.set(node.name, fields))
  }

  #look(node: SimNode): void {
    const { cluster, name } = node
    const outcomes = new Set(LOOKUPS.map((look) => outcomeOf(() => look(cluster))))
    if (outcomes.size !== 1) this.faults.push(`${name}: ${[...outcomes].join(' and ')}`)
    const hasLost = outcomes.has('mismatch')
    if (hasLost) {
      this.thrown++
      if (cluster.members.length > 0) this.faults.push(`${name} has members though it lost`)
    }
    if (!hasLost && cluster.members.length === 0) return
    const sees = hasLost === this.#updated.has(name) ? 'old' : 'new'
    const seen = this.seen.get(name) ?? []
    this.seen.set(name, seen)
    if (seen.at(-1) === sees) return
    seen.push(sees)
    if (sees === 'new') this.changedOverAt ??= this.#updated.size
  }

  #optionsOf({ name }: { readonly name: string }): RingOptions {
    return this.#updated.has(name) ? this.#new : this.#old
  }
}

interface Mismatch {
  readonly field: string
  readonly values: readonly { readonly value: string; readonly members: readonly string[] }[]
}

const LOOKUPS: readonly ((cluster: SimNode['cluster']) => unknown)[] = [
  (cluster) => cluster.partitionForKey('k'),
  (cluster) => cluster.ownerForKey('k'),
  (cluster) => cluster.holdersForKey('k'),
  (cluster) => cluster.membersForKey('k'),
  (cluster) => cluster.holdersForPartition(0),
  (cluster) => cluster.membersForPartition(0),
  (cluster) => cluster.homesForPartition(0),
]

function outcomeOf(look: () => unknown): string {
  try {
    look()
    return 'answer'
  } catch (error) {
    return error instanceof ConfigMismatchError ? 'mismatch' : String(error)
  }
}

const CHANGES = {
  redundancy: [
    { partitions: 64, redundancy: 2 },
    { partitions: 64, redundancy: 3 },
  ],
  partitions: [
    { partitions: 64, redundancy: 2 },
    { partitions: 96, redundancy: 2 },
  ],
  'partitions back': [
    { partitions: 96, redundancy: 2 },
    { partitions: 64, redundancy: 2 },
  ],
  'key hash': [
    { partitions: 64, redundancy: 2 },
    { partitions: 64, redundancy: 2, keyHash: 'fnv1a64' },
  ],
} as const satisfies Record<string, readonly [RingOptions, RingOptions]>

describe.each(['killed', 'killed and back at once', 'drained'] as const)(
  'members are %s',
  (how) => {
    test.each(['redundancy', 'partitions', 'partitions back', 'key hash'] as const)(
      'and come back with another %s, one by one: no key has two primaries',
      async (change) => {
        const [old, next] = CHANGES[change]
        const deploy = new Deploy(7, old, next)
        await deploy.form()
        for (const node of deploy.world.nodes) {
          await deploy.update(node, how)
          expect([deploy.watch.served, deploy.watch.faults]).toEqual([deploy.watch.count, []])
        }
        expect(deploy.faults).toEqual([])
      },
    )
  },
)
