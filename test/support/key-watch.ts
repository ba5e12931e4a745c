import type { OwnershipHandlers } from 'libring'
import { Ring, type RingOptions } from 'libring/ring'
import type { SimNode, World } from 'libring/sim'

type Cluster = SimNode['cluster']
type Handlers = Required<OwnershipHandlers>

/**
 * Who serves each of some keys, by the steps that clusters told. Partitions of one number are not
 * the same keys where members count them differently, so it is keys that are watched.
 */
export class KeyWatch {
  /** Every moment at which a key had two primaries. */
  readonly faults: string[] = []
  readonly #world: World
  readonly #keys: readonly string[]
  /** By key, who serves it since when. */
  readonly #holders: Map<string, Set<string>>
  readonly #unserved = new Map<string, number>()
  readonly #lives = new Map<string, object>()
  #longestGapMs = 0

  constructor(world: World, keys = 400) {
    this.#world = world
    this.#keys = Array.from({ length: keys }, (_, i) => `key ${i}`)
    this.#holders = new Map(this.#keys.map((key) => [key, new Set()]))
  }

  /** By the steps that its cluster tells. @param options the ring's, of this very process. */
  watch(node: SimNode, options: RingOptions, cluster: Cluster = node.cluster): void {
    const { take, drop } = this.#hand(node, options)
    cluster.on('acquire', ({ partition, replica }) => {
      if (replica === 0) take(partition)
    })
    cluster.on('change', ({ partition, replica }) => {
      if (replica === 0) take(partition)
      else drop(partition)
    })
    cluster.on('release', ({ partition, replica }) => {
      if (replica === 0) drop(partition)
    })
  }

  /**
   * By its handlers: served from the call of the one that takes until the one that lets go is
   * done, which takes `lastsMs`.
   */
  handlers(node: SimNode, options: RingOptions, lastsMs: number): Handlers {
    const { take, drop } = this.#hand(node, options)
    const letGo = async (partition: number): Promise<void> => {
      await node.sleep(lastsMs)
      drop(partition)
    }
    return {
      onAcquire({ partition, replica }) {
        if (replica === 0) take(partition)
      },
      onChange: async ({ partition, replica, previousReplica }) => {
        if (replica === 0) take(partition)
        if (previousReplica === 0) await letGo(partition)
      },
      onRelease: async ({ partition, replica }) => {
        if (replica === 0) await letGo(partition)
      },
    }
  }

  /** The process is gone, and whatever it held. */
  gone({ name }: SimNode): void {
    this.#lives.set(name, {})
    for (const key of this.#keys) this.#drop(key, name)
  }

  /** How many keys have exactly one primary. */
  get served(): number {
    return [...this.#holders.values()].filter((holders) => holders.size === 1).length
  }

  get count(): number {
    return this.#keys.length
  }

  /** Longest time that a key had no primary, once it had had one, in virtual milliseconds. */
  get longestGapMs(): number {
    return this.#longestGapMs
  }

  /** Names of those that serve any key. */
  get holders(): ReadonlySet<string> {
    return new Set([...this.#holders.values()].flatMap((holders) => [...holders]))
  }

  /** What the present process of the node does by partition. */
  #hand(node: SimNode, options: RingOptions) {
    const { name } = node
    const life = {}
    this.#lives.set(name, life)
    const ring = new Ring([], options)
    const keysOf = new Map<number, string[]>()
    for (const key of this.#keys) {
      const partition = ring.partitionForKey(key)
      keysOf.set(partition, [...(keysOf.get(partition) ?? []), key])
    }
    const each = (partition: number, then: (key: string) => void): void => {
      // Of a process that is gone a call may be on its way still.
      if (this.#lives.get(name) === life) keysOf.get(partition)?.forEach(then)
    }
    return {
      take: (partition: number) => each(partition, (key) => this.#take(key, name)),
      drop: (partition: number) => each(partition, (key) => this.#drop(key, name)),
    }
  }

  #take(key: string, name: string): void {
    const holders = this.#holders.get(key)!
    holders.add(name)
    const sinceMs = this.#unserved.get(key)
    if (sinceMs !== undefined) {
      this.#longestGapMs = Math.max(this.#longestGapMs, this.#world.nowMs - sinceMs)
    }
    this.#unserved.delete(key)
    if (holders.size < 2) return
    this.faults.push(`${this.#world.nowMs}: ${key} is served by ${[...holders].join(' and ')}`)
  }

  #drop(key: string, name: string): void {
    const holders = this.#holders.get(key)!
    if (!holders.delete(name) || holders.size > 0) return
    this.#unserved.set(key, this.#world.nowMs)
  }
}
