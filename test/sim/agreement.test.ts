import { describe, expect, test } from 'vitest'
import { ConfigMismatchError } from 'libring'
import type { RingOptions } from 'libring/ring'
import { World, type SimNode } from 'libring/sim'
import { KeyWatch } from '../support/key-watch.ts'

// A deploy that changes what all have to agree on, member by member. Goal: at no moment has a key
// two primaries, whatever its partition is called; the ring changes over once, when most members
// bear the new configuration; and whoever bears the other one says so at every lookup. Method: six
// real nodes whose handlers take their time, on a network that loses datagrams; every member is
// looked at ten times a second.

const NODES = 6
const HANDLER_MS = 300

type How = 'killed' | 'killed and back at once' | 'drained'

interface Mismatch {
  readonly field: string
  readonly values: readonly { readonly value: string; readonly members: readonly string[] }[]
}

/** Six members of which more and more bear the new configuration. */
class Deploy {
  readonly world: World
  readonly watch: KeyWatch
  /** By node: whose configuration it saw form the ring, one after another. */
  readonly seen = new Map<string, ('old' | 'new')[]>()
  /** By node: in what members differ, as it told that last. */
  readonly mismatches = new Map<string, readonly Mismatch[]>()
  /** Lookups that answered beside others that threw, and the like. */
  readonly faults: string[] = []
  readonly updated = new Set<string>()
  /** How many bore the new configuration when the first member saw it form the ring. */
  changedOverAt: number | undefined
  #timesLost = 0
  readonly #old: RingOptions
  readonly #new: RingOptions

  constructor(seed: number, [old, next]: readonly [RingOptions, RingOptions]) {
    this.#old = old
    this.#new = next
    this.world = new World({ seed, nodes: 0, latencyMs: [1, 20], lossRate: 0.02 })
    this.watch = new KeyWatch(this.world)
    this.world.names.set('cluster.sim', ['10.0.0.1', '10.0.0.2', '10.0.0.3'])
    for (let i = 0; i < NODES; i++) {
      this.#begin(
        this.world.addNode({}, (node) => {
          const options = this.#optionsOf(node)
          return { ...options, ...this.watch.handlers(node, options, HANDLER_MS) }
        }),
      )
    }
  }

  /** How often a member was seen to have lost. */
  get timesLost(): number {
    return this.#timesLost
  }

  async update(node: SimNode, how: How): Promise<void> {
    if (how === 'drained') {
      const drained = node.cluster.drain()
      await this.pass(15_000)
      await drained
    }
    node.crash()
    this.watch.gone(node)
    if (how !== 'killed and back at once') await this.pass(8_000)
    this.updated.add(node.name)
    node.restart()
    this.#begin(node)
    await this.pass(30_000)
  }

  /** Let time pass, looking at every member all the while. */
  async pass(ms: number): Promise<void> {
    for (let leftMs = ms; leftMs > 0; leftMs -= 100) {
      await this.world.run(100)
      for (const node of this.world.nodes) if (node.isUp) this.#look(node)
    }
  }

  #begin(node: SimNode): void {
    this.mismatches.delete(node.name)
    node.cluster.on('config-mismatch', ({ fields }) => this.mismatches.set(node.name, fields))
  }

  #look(node: SimNode): void {
    const { cluster, name } = node
    const outcomes = new Set(LOOKUPS.map((look) => outcomeOf(() => look(cluster))))
    const hasLost = outcomes.has('mismatch')
    if (outcomes.size !== 1) this.faults.push(`${name}: ${[...outcomes].join(' and ')}`)
    if (hasLost && cluster.members.length > 0) this.faults.push(`${name} lost, and has members`)
    if (hasLost) this.#timesLost++
    if (!hasLost && cluster.members.length === 0) return
    const sees = hasLost === this.updated.has(name) ? 'old' : 'new'
    const seen = this.seen.get(name) ?? []
    this.seen.set(name, seen)
    if (seen.at(-1) === sees) return
    seen.push(sees)
    if (sees === 'new') this.changedOverAt ??= this.updated.size
  }

  #optionsOf({ name }: SimNode): RingOptions {
    return this.updated.has(name) ? this.#new : this.#old
  }
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
  'key hash': [
    { partitions: 64, redundancy: 2 },
    { partitions: 64, redundancy: 2, keyHash: 'fnv1a64' },
  ],
} as const satisfies Record<string, readonly [RingOptions, RingOptions]>

describe('members that come back one by one with', () => {
  test.each([
    ['redundancy', 'killed', 7],
    ['redundancy', 'drained', 8],
    ['partitions', 'killed', 7],
    ['partitions', 'drained', 8],
    ['partitions', 'killed and back at once', 9],
    ['key hash', 'killed and back at once', 10],
  ] as const)('another %s, %s: no key has two primaries, and one cut-over', async (...setup) => {
    const [change, how, seed] = setup
    const deploy = new Deploy(seed, CHANGES[change])
    const { watch, world, updated } = deploy
    await deploy.pass(30_000)
    const served: number[] = [watch.served]
    for (const node of world.nodes) {
      await deploy.update(node, how)
      served.push(watch.served)
      expect(deploy.mismatches).toEqual(expectedMismatches(deploy, CHANGES[change]))
    }
    expect(served).toEqual(served.map(() => watch.count))
    expect([watch.faults, deploy.faults]).toEqual([[], []])
    expect([...deploy.seen]).toEqual(world.nodes.map(({ name }) => [name, ['old', 'new']]))
    // Of as many, the text that comes first wins; and one that is away has no vote.
    expect([3, 4]).toContain(deploy.changedOverAt)
    expect(deploy.timesLost).toBeGreaterThan(0)
    expect(updated.size).toBe(NODES)
  })
})

/** An option as the tag has it. */
function textOf(value: RingOptions['keyHash'] | number = 'murmur3'): string {
  return typeof value === 'object' ? value.name : String(value)
}

/** What everybody has to have told: each differing field, who bears which value; none at the end. */
function expectedMismatches(
  { world, updated }: Deploy,
  [old, next]: readonly [RingOptions, RingOptions],
): ReadonlyMap<string, readonly Mismatch[]> {
  const names = world.nodes.map(({ name }) => name)
  const bearers = (isUpdated: boolean): readonly string[] => {
    return names.filter((name) => updated.has(name) === isUpdated)
  }
  const told: Mismatch[] = []
  for (const field of ['partitions', 'redundancy', 'keyHash'] as const) {
    if (old[field] === next[field]) continue
    const values = [
      { value: textOf(old[field]), members: bearers(false) },
      { value: textOf(next[field]), members: bearers(true) },
    ]
    told.push({ field, values: values.sort((a, b) => (a.value < b.value ? -1 : 1)) })
  }
  const isOver = updated.size === names.length
  // The one that came last has never seen anybody differ.
  const tellers = isOver ? names.slice(0, -1) : names
  return new Map(tellers.map((name) => [name, isOver ? [] : told]))
}
