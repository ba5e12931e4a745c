import { expect, test } from 'vitest'
import type { ClusterEvents, ClusterEventType } from 'libring'
import {
  RingWatch,
  type MeteredCluster,
} from '../../../../packages/agent/src/metrics/ring-watch.ts'

const LOCAL = { name: 'local', weight: 1, zone: '' }
const OTHER = { name: 'other', weight: 1, zone: '' }

/** A cluster that tells what it is told to tell. */
class ToldCluster {
  readonly configurationDigest = '0123abcd'
  readonly localName = 'local'
  members = [LOCAL, OTHER]
  /** By partition, whom the plan names. */
  plan = [LOCAL, LOCAL, OTHER]
  readonly #listeners = new Map<string, Set<(event: never) => void>>()

  on(type: string, listener: (event: never) => void): () => void {
    const listeners = this.#listeners.get(type) ?? new Set()
    this.#listeners.set(type, listeners.add(listener))
    return () => void listeners.delete(listener)
  }

  tell<T extends ClusterEventType>(type: T, event: Partial<ClusterEvents[T]>): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event as never)
  }

  holdersForPartition(partition: number): readonly unknown[] {
    return [this.plan[partition]]
  }

  localRole(): undefined {
    return undefined
  }
}

class Bench {
  readonly cluster = new ToldCluster()
  readonly handedOffMs: number[] = []
  readonly watch: RingWatch
  nowMs = 1_000

  constructor() {
    this.watch = new RingWatch({
      cluster: this.cluster as unknown as MeteredCluster,
      partitions: 3,
      nowMs: () => this.nowMs,
      onHandedOff: (ms) => this.handedOffMs.push(ms),
    })
  }
}

test('what the plan gives the member is awaited until it is held as primary', () => {
  const bench = new Bench()
  expect(bench.watch.awaited).toBe(2)
  bench.nowMs = 1_500
  bench.cluster.tell('acquire', { type: 'acquire', partition: 0, replica: 1 })
  expect(bench.watch.awaited).toBe(2)
  bench.cluster.tell('change', { type: 'change', partition: 0, replica: 0 })
  expect(bench.handedOffMs).toEqual([500])
  bench.nowMs = 4_000
  expect(bench.watch.longestWaitMs).toBe(3_000)
  bench.cluster.plan = [LOCAL, OTHER, OTHER]
  bench.cluster.tell('rebalance', {})
  expect(bench.watch.awaited).toBe(0)
  expect(bench.watch.longestWaitMs).toBe(0)
})

test('what is held is counted by replica index, and no more once it is released', () => {
  const { cluster, watch } = new Bench()
  expect([...watch.heldByReplica]).toEqual([[0, 0]])
  cluster.tell('acquire', { type: 'acquire', partition: 0, replica: 0 })
  cluster.tell('acquire', { type: 'acquire', partition: 2, replica: 1 })
  expect(watch.heldByReplica).toEqual(
    new Map([
      [0, 1],
      [1, 1],
    ]),
  )
  cluster.tell('release', { type: 'release', partition: 0, replica: 0 })
  expect(watch.heldByReplica.get(0)).toBe(0)
})

test('a partition is an orphan until it is acquired, or the plan names another', () => {
  const bench = new Bench()
  bench.cluster.tell('orphan', { partitions: [0, 1] })
  expect(bench.watch.orphans.open).toBe(2)
  bench.nowMs = 3_000
  bench.cluster.tell('acquire', { type: 'acquire', partition: 0, replica: 0 })
  expect(bench.watch.orphans.open).toBe(1)
  bench.nowMs = 4_000
  bench.cluster.plan = [LOCAL, OTHER, OTHER]
  bench.cluster.tell('rebalance', {})
  expect(bench.watch.orphans.open).toBe(0)
  bench.nowMs = 9_000
  expect(bench.watch.orphans.totalMs).toBe(2_000 + 3_000)
})

test('a partition is held twice from when it was found until the one that yields has let go', () => {
  const bench = new Bench()
  bench.cluster.tell('double-holder', { partitions: [0], yields: 'member' })
  expect(bench.watch.doubles.open).toBe(0)
  bench.cluster.tell('double-holder', { partitions: [1], yields: 'local' })
  bench.nowMs = 1_200
  bench.cluster.tell('release', { type: 'release', partition: 1, replica: 0 })
  bench.nowMs = 2_000
  expect(bench.watch.doubles.totalMs).toBe(200)
})

test('another weight, member or configuration is another view', () => {
  const { cluster, watch } = new Bench()
  const first = watch.viewDigest
  expect(Number.isSafeInteger(first)).toBe(true)
  cluster.members = [{ ...LOCAL, weight: 2 }, OTHER]
  expect(watch.viewDigest).not.toBe(first)
  cluster.members = [LOCAL]
  expect(watch.viewDigest).not.toBe(first)
  cluster.members = [{ ...LOCAL }, { ...OTHER }]
  expect(watch.viewDigest).toBe(first)
})

test('once stopped, it follows nothing more', () => {
  const { cluster, watch } = new Bench()
  watch.stop()
  cluster.tell('acquire', { type: 'acquire', partition: 0, replica: 0 })
  cluster.tell('config-mismatch', { fields: [{ field: 'partitions', values: [] }] })
  expect(watch.heldByReplica.get(0)).toBe(0)
  expect(watch.mismatches).toBe(0)
})
