import { randomBytes } from 'node:crypto'
import { afterEach, expect, test } from 'vitest'
import { Cluster, type OwnershipEvent } from 'libring'
import { loopbackAddresses } from '../support/loopback.ts'

// Hand-off over real, encrypted gossip. Each partition has a log that its primary writes to and
// leaves to the next one; all members are in this process, so that what happens before what is no
// question.

const PARTITIONS = 64
const KEYRING = [randomBytes(32)]
const QUICK = { profile: 'local', probeIntervalMs: 200, probeTimeoutMs: 100 } as const
const PATIENCE = { interval: 50, timeout: 60_000 }

const loopback = loopbackAddresses()
const clusters: Cluster[] = []

afterEach(async () => {
  const atOnce = { signal: AbortSignal.abort() }
  await Promise.all(clusters.splice(0).map((cluster) => cluster.stop(atOnce)))
})

/** Who serves which partition, and what each partition went through. */
class Ledger {
  /** By partition, names of those that serve it: from the first word of one to its last. */
  readonly serving: Set<string>[] = Array.from({ length: PARTITIONS }, () => new Set())
  /** By partition, everybody that has served it. */
  readonly served: string[][] = Array.from({ length: PARTITIONS }, () => [])
  readonly faults: string[] = []
  readonly #tokens: (bigint | undefined)[] = []

  take(name: string, { partition, token, state }: TakeEvent): Uint8Array {
    const serving = this.serving[partition]!
    const served = this.served[partition]!
    serving.add(name)
    if (serving.size > 1) this.faults.push(`${partition} is served by ${[...serving].join()}`)
    const before = this.#tokens[partition]
    if (token === undefined || (before !== undefined && token <= before)) {
      this.faults.push(`${partition}: token ${token} of ${name} after ${before}`)
    }
    this.#tokens[partition] = token
    const left = state === undefined ? '' : new TextDecoder().decode(state)
    if (left !== served.join(' ')) {
      this.faults.push(`${partition}: ${name} got '${left}' after '${served.join(' ')}'`)
    }
    served.push(name)
    return new TextEncoder().encode(served.join(' '))
  }

  drop(name: string, partition: number): void {
    this.serving[partition]!.delete(name)
  }

  /** By name, of how many partitions it is the only one that serves them. */
  get shares(): ReadonlyMap<string, number> {
    const shares = new Map<string, number>()
    for (const serving of this.serving) {
      if (serving.size !== 1) continue
      for (const name of serving) shares.set(name, (shares.get(name) ?? 0) + 1)
    }
    return shares
  }
}

type TakeEvent = Extract<OwnershipEvent, { type: 'acquire' | 'change' }>

/** A member that writes to the ledger, and takes a turn of the event loop or more to let go. */
async function join(name: string, ledger: Ledger, bootstrapHosts: string[]): Promise<Joined> {
  const address = `${loopback.next()}:7946`
  const logs = new Map<number, Uint8Array>()
  const letGo = async (partition: number): Promise<Uint8Array | undefined> => {
    await new Promise((resolve) => setImmediate(resolve))
    ledger.drop(name, partition)
    const log = logs.get(partition)
    logs.delete(partition)
    return log
  }
  const cluster = new Cluster({
    hostName: name,
    bootstrapHosts,
    partitions: PARTITIONS,
    redundancy: 2,
    settleMs: 200,
    serf: { bind: address, keyring: KEYRING, leavePropagateDelayMs: 100, ...QUICK },
    onAcquire(event) {
      if (event.replica === 0) logs.set(event.partition, ledger.take(name, event))
    },
    async onChange(event) {
      if (event.replica === 0) logs.set(event.partition, ledger.take(name, event))
      return event.previousReplica === 0 ? letGo(event.partition) : undefined
    },
    async onRelease({ partition, replica }) {
      return replica === 0 ? letGo(partition) : undefined
    },
  })
  clusters.push(cluster)
  await cluster.start()
  return { cluster, address }
}

interface Joined {
  readonly cluster: Cluster
  readonly address: string
}

/** Until exactly these serve all partitions, each what the ring of `cluster` gives it. */
async function expectServedBy(ledger: Ledger, cluster: Cluster, ...names: string[]): Promise<void> {
  await expect.poll(() => cluster.members.map((member) => member.name), PATIENCE).toEqual(names)
  await expect
    .poll(() => ledger.serving.map((serving) => [...serving]), PATIENCE)
    .toEqual(ledger.serving.map((_, at) => [cluster.holdersForPartition(at)[0]!.name]))
}

test('partitions go from member to member, with what each left, and never have two primaries', async () => {
  const ledger = new Ledger()
  const ann = await join('ann', ledger, [])
  await expectServedBy(ledger, ann.cluster, 'ann')
  const bob = await join('bob', ledger, [ann.address])
  await expectServedBy(ledger, ann.cluster, 'ann', 'bob')
  const cat = await join('cat', ledger, [bob.address])
  await expectServedBy(ledger, ann.cluster, 'ann', 'bob', 'cat')
  expect(ledger.shares.get('cat')).toBeGreaterThan(PARTITIONS / 6)

  await ann.cluster.drain()
  expect(ledger.shares.get('ann')).toBeUndefined()
  await expectServedBy(ledger, cat.cluster, 'bob', 'cat')
  expect(bob.cluster.serf!.members().find(({ name }) => name === 'ann')?.status).toBe('left')

  const again = await join('ann', ledger, [cat.address])
  await expectServedBy(ledger, again.cluster, 'ann', 'bob', 'cat')
  await Promise.all([bob.cluster.drain(), cat.cluster.drain()])
  await expectServedBy(ledger, again.cluster, 'ann')

  expect(ledger.faults).toEqual([])
  // Some went all the way round: from ann, by others, to ann again.
  expect(ledger.served.some((served) => new Set(served).size === 3)).toBe(true)
  const { takenFromSilence, takenFromDeadlock, doubleHolders } = again.cluster.stats
  expect([takenFromSilence, takenFromDeadlock, doubleHolders]).toEqual([0, 0, 0])
})
