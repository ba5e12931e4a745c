import { createHash } from 'node:crypto'
import { isLibringError, type Cluster, type OwnershipEvent } from 'libring'

/** What is watched of a cluster; any that shows this will do. */
export type MeteredCluster = Pick<
  Cluster,
  | 'configurationDigest'
  | 'holdersForPartition'
  | 'localName'
  | 'localRole'
  | 'members'
  | 'on'
  | 'stats'
>

export interface RingWatchOptions {
  readonly cluster: MeteredCluster
  /** Into how many partitions its key space is cut. */
  readonly partitions: number
  /** Of a clock that is never set. */
  readonly nowMs: () => number
  /** A hand-off to the local member is over. */
  readonly onHandedOff: (durationMs: number) => void
}

/**
 * What a cluster tells step by step, as it stands now: what is held, what is waited for, and for how
 * long something was wrong. Keeps a few numbers for each partition at most.
 */
export class RingWatch {
  readonly #options: RingWatchOptions
  readonly #stops: readonly (() => void)[]
  /** By partition, the replica index held. */
  readonly #held = new Map<number, number>()
  /** By partition that the local member is to be primary of and is not, since when. */
  readonly #awaited = new Map<number, number>()
  readonly #orphans: Spells
  readonly #doubles: Spells
  #mismatches = 0

  constructor(options: RingWatchOptions) {
    const { cluster, nowMs } = options
    this.#options = options
    this.#orphans = new Spells(nowMs)
    this.#doubles = new Spells(nowMs)
    this.#stops = [
      cluster.on('acquire', (event) => this.#step(event)),
      cluster.on('change', (event) => this.#step(event)),
      cluster.on('release', (event) => this.#step(event)),
      cluster.on('rebalance', () => this.#plan()),
      cluster.on('config-mismatch', ({ fields }) => {
        this.#mismatches = fields.length
        this.#plan()
      }),
      cluster.on('orphan', ({ partitions }) => this.#orphans.begin(partitions)),
      cluster.on('double-holder', ({ partitions, yields }) => {
        if (yields === 'local') this.#doubles.begin(partitions)
      }),
    ]
    this.#plan()
  }

  get cluster(): MeteredCluster {
    return this.#options.cluster
  }

  /** Into how many the key space is cut. */
  get partitions(): number {
    return this.#options.partitions
  }

  /** How many partitions are held at each replica index. */
  get heldByReplica(): ReadonlyMap<number, number> {
    const counts = new Map([[0, 0]])
    for (const replica of this.#held.values()) counts.set(replica, (counts.get(replica) ?? 0) + 1)
    return counts
  }

  /** Partitions that are held and whose handler is not done. */
  get unready(): number {
    const { cluster } = this.#options
    return count(this.#held.keys(), (partition) => cluster.localRole(partition)?.isReady === false)
  }

  /** Partitions that the local member is to be primary of and waits for. */
  get awaited(): number {
    return this.#awaited.size
  }

  /** The longest of these waits, in milliseconds. */
  get longestWaitMs(): number {
    const nowMs = this.#options.nowMs()
    return Math.max(0, ...Array.from(new Set(this.#awaited.values()), (sinceMs) => nowMs - sinceMs))
  }

  get orphans(): Spells {
    return this.#orphans
  }

  /** Of partitions that another member holds as well, until the local one has let go. */
  get doubles(): Spells {
    return this.#doubles
  }

  /** Fields of the configuration in which members differ. */
  get mismatches(): number {
    return this.#mismatches
  }

  /** A number of the members and options that the ring is made of: the same where they are. */
  get viewDigest(): number {
    const { members, configurationDigest } = this.#options.cluster
    const lines = members.map(({ name, weight, zone }) => [name, weight, zone])
    const text = JSON.stringify([configurationDigest, lines])
    // 48 bits: the largest number of whole bytes that a double holds exactly.
    return createHash('sha256').update(text).digest().readUIntBE(0, 6)
  }

  stop(): void {
    for (const stop of this.#stops) stop()
  }

  #step(event: OwnershipEvent): void {
    const { partition } = event
    this.#doubles.end(partition)
    if (event.type === 'release') return void this.#held.delete(partition)
    this.#held.set(partition, event.replica)
    this.#orphans.end(partition)
    const sinceMs = event.replica === 0 ? this.#awaited.get(partition) : undefined
    if (sinceMs === undefined) return
    this.#awaited.delete(partition)
    this.#options.onHandedOff(this.#options.nowMs() - sinceMs)
  }

  /** Whom the plan names, against what is held. */
  #plan(): void {
    const { partitions, nowMs } = this.#options
    for (let partition = 0; partition < partitions; partition++) {
      const isOurs = this.#isOurs(partition)
      if (!isOurs) this.#orphans.end(partition)
      if (!isOurs || this.#held.get(partition) === 0) this.#awaited.delete(partition)
      else if (!this.#awaited.has(partition)) this.#awaited.set(partition, nowMs())
    }
  }

  #isOurs(partition: number): boolean {
    const { cluster } = this.#options
    try {
      return cluster.holdersForPartition(partition)[0]?.name === cluster.localName
    } catch (error) {
      // Nothing is ours while most members have another configuration.
      if (isLibringError(error) && error.code === 'LIBRING_CONFIG_MISMATCH') return false
      throw error
    }
  }
}

/** For how long something was so, over all partitions. */
export class Spells {
  readonly #nowMs: () => number
  readonly #sinceMs = new Map<number, number>()
  #pastMs = 0

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** Partitions of which it is so now. */
  get open(): number {
    return this.#sinceMs.size
  }

  /** Summed over partitions, those of which it is so now included. */
  get totalMs(): number {
    let totalMs = this.#pastMs
    for (const sinceMs of this.#sinceMs.values()) totalMs += this.#nowMs() - sinceMs
    return totalMs
  }

  begin(partitions: readonly number[]): void {
    for (const partition of partitions) {
      if (!this.#sinceMs.has(partition)) this.#sinceMs.set(partition, this.#nowMs())
    }
  }

  end(partition: number): void {
    const sinceMs = this.#sinceMs.get(partition)
    if (sinceMs === undefined) return
    this.#sinceMs.delete(partition)
    this.#pastMs += this.#nowMs() - sinceMs
  }
}

function count<T>(items: Iterable<T>, accept: (item: T) => boolean): number {
  let found = 0
  for (const item of items) if (accept(item)) found++
  return found
}
