import { afterEach, describe, expect, test } from 'vitest'
import { Cluster, fixedMembers, gossip, type ClusterOptions } from 'libring'
import { loopbackAddresses } from '../support/loopback.ts'
import { RoleBook } from '../support/ownership.ts'

const loopback = loopbackAddresses()
const clusters: Cluster[] = []

afterEach(async () => {
  const atOnce = { signal: AbortSignal.abort() }
  await Promise.all(clusters.splice(0).map((cluster) => cluster.stop(atOnce)))
})

const RING = { partitions: 128, redundancy: 2 } as const
const QUICK = { profile: 'local', probeIntervalMs: 200, probeTimeoutMs: 100 } as const

/** A cluster over real sockets, and what it told of itself. */
class Observed {
  readonly cluster: Cluster
  readonly address: string
  /** Refuses a step that does not follow from the ones before. */
  readonly book: RoleBook = new RoleBook()
  readonly seqs: number[] = []

  constructor(name: string, options: ClusterOptions = {}) {
    const { serf, ...rest } = options
    this.address = `${loopback.next()}:7946`
    this.cluster = new Cluster({
      hostName: name,
      ...RING,
      settleMs: 200,
      serf: { bind: this.address, leavePropagateDelayMs: 100, ...QUICK, ...serf },
      ...rest,
    })
    clusters.push(this.cluster)
    for (const type of ['acquire', 'release', 'change'] as const) {
      this.cluster.on(type, (event) => {
        this.book.apply(event)
        this.seqs.push(event.seq)
      })
    }
  }

  get members(): readonly string[] {
    return this.cluster.members.map(({ name }) => name)
  }

  /** What the view gives the local member, by partition. */
  get assigned(): readonly (readonly [number, number])[] {
    const { localName } = this.cluster
    return Array.from({ length: RING.partitions }, (_, partition) => {
      const holders = this.cluster.holdersForPartition(partition)
      return [partition, holders.findIndex(({ name }) => name === localName)] as const
    }).filter(([, replica]) => replica >= 0)
  }
}

async function expectRing(members: readonly Observed[], names: readonly string[]): Promise<void> {
  const expected = members.map(() => names)
  await expect
    .poll(() => members.map((member) => member.members), { interval: 20, timeout: 60_000 })
    .toEqual(expected)
}

async function threeMembers(options: ClusterOptions = {}): Promise<[Observed, Observed, Observed]> {
  const ann = new Observed('ann', options)
  const joined = { ...options, bootstrapHosts: [ann.address] }
  const bob = new Observed('bob', joined)
  const cat = new Observed('cat', joined)
  await Promise.all([ann, bob, cat].map(({ cluster }) => cluster.start()))
  await expectRing([ann, bob, cat], ['ann', 'bob', 'cat'])
  return [ann, bob, cat]
}

const KEYS = Array.from({ length: 1_000 }, (_, index) => `key ${index}`)

/** For each key, the owner that each member names. */
function owners(members: readonly Observed[]): Set<string>[] {
  return KEYS.map((key) => new Set(members.map((each) => each.cluster.ownerForKey(key)!.name)))
}

/** Once everything is handed over, each has been told exactly what the view gives it. */
async function expectBooksAreRight(members: readonly Observed[]): Promise<void> {
  await expect
    .poll(() => members.map(({ book }) => book.entries()), { interval: 20, timeout: 60_000 })
    .toEqual(members.map(({ assigned }) => assigned))
  for (const { seqs } of members) {
    expect(seqs).toEqual(seqs.map((_, index) => index + 1))
  }
}

describe('three members over real sockets', () => {
  test('name the same owner for every key, and hold exactly what they should', async () => {
    const members = await threeMembers()
    expect(owners(members).filter((named) => named.size !== 1)).toEqual([])
    await expectBooksAreRight(members)
    const held = members.flatMap(({ assigned }) => assigned)
    expect(held).toHaveLength(RING.partitions * RING.redundancy)
  })

  test('take over exactly what a member held that vanishes', async () => {
    const [ann, bob, cat] = await threeMembers()
    await expectBooksAreRight([ann, bob, cat])
    const lost = new Map(cat.assigned)
    const before = [ann, bob].map(({ assigned }) => new Map(assigned))
    const told = [ann, bob].map(({ cluster }) => {
      const steps: { partition: number; from: string | undefined }[] = []
      cluster.on('acquire', ({ partition, from }) => steps.push({ partition, from: from?.name }))
      return steps
    })

    await cat.cluster.serf!.stop()
    await expectRing([ann, bob], ['ann', 'bob'])

    expect(owners([ann, bob]).filter((named) => named.size !== 1)).toEqual([])
    await expectBooksAreRight([ann, bob])
    // With two left and two holders each, everybody holds everything: what was missing is new.
    for (const [index, steps] of told.entries()) {
      const missing = [...lost.keys()].filter((partition) => !before[index]!.has(partition))
      const acquired = steps.map(({ partition }) => partition)
      expect(acquired.sort((left, right) => left - right)).toEqual(missing)
    }
    const primaries = [...lost].filter(([, replica]) => replica === 0)
    expect(primaries.length).toBeGreaterThan(0)
  })

  test('hear a farewell, and hold what was released', async () => {
    const released: number[] = []
    const [ann, bob, cat] = await threeMembers()
    await expectBooksAreRight([ann, bob, cat])
    cat.cluster.on('release', ({ partition }) => released.push(partition))
    const held = cat.assigned.map(([partition]) => partition)
    await cat.cluster.stop()
    expect(released).toEqual(held)
    await expectRing([ann, bob], ['ann', 'bob'])
    await expectBooksAreRight([ann, bob])
    expect(ann.cluster.serf!.members().find(({ name }) => name === 'cat')?.status).toBe('left')
  })

  test('put in the ring whose tags say so, and take out whose tags no longer do', async () => {
    const watchTags = { ring: /^active$/ }
    const ann = new Observed('ann', { watchTags, serf: { tags: { ring: 'active', http: '8080' } } })
    const bob = new Observed('bob', { watchTags, bootstrapHosts: [ann.address] })
    await Promise.all([ann, bob].map(({ cluster }) => cluster.start()))
    await expectRing([ann, bob], ['ann'])
    expect(bob.book.entries()).toEqual([])
    expect(bob.cluster.ownerForKey('k')?.url).toBe(`http://${ann.address.replace('7946', '8080')}`)

    await bob.cluster.setTags({ ring: 'active' })
    await expectRing([ann, bob], ['ann', 'bob'])
    await bob.cluster.setTags({})
    await expectRing([ann, bob], ['ann'])
    await expectBooksAreRight([ann, bob])
    expect(bob.book.entries()).toEqual([])
  })
})

test('several clusters share one gossip node, which the last of them ends', async () => {
  const node = gossip({ hostName: 'ann', bind: `${loopback.next()}:0`, ...QUICK })
  const [first, second] = ['jobs', 'rooms'].map((name) => {
    return new Cluster({ membership: node, name, ...RING })
  })
  await Promise.all([first!.start(), second!.start()])
  await first!.stop()
  expect([node.status, second!.members.length]).toEqual(['alive', 1])
  await second!.stop()
  expect(node.status).toBe('stopped')
})

test('an address that is taken is told, and nothing stays open', async () => {
  const ann = new Observed('ann')
  await ann.cluster.start()
  const other = new Cluster({ hostName: 'bob', serf: { bind: ann.address } })
  await expect(other.start()).rejects.toMatchObject({ code: 'LIBRING_BIND_FAILED' })
  await other.stop()
})

test('an option of the gossip node that is wrong is told where it was given', () => {
  expect(() => new Cluster({ serf: { bind: 'nowhere' } })).toThrow(/^serf\.bind must be/)
  expect(() => new Cluster({ serf: { probes: 1 } as object })).toThrow(/^serf\.probes must be/)
  expect(() => new Cluster({ serf: { hostName: '' } })).toThrow(/^serf\.hostName must be/)
  expect(() => new Cluster({ hostName: '' })).toThrow(/^hostName must be/)
  expect(() => new Cluster({ bootstrapHosts: ['a b'] })).toThrow(/^bootstrapHosts\[0\] must be/)
})

test('a run ends by a signal to the process, and by nothing that is left behind', async () => {
  const members = [{ name: 'ann', host: '127.0.0.1', port: 7_946 }]
  const cluster = new Cluster({ membership: fixedMembers({ self: 'ann', members }) })
  const before = process.listenerCount('SIGUSR2')
  const run = cluster.run({ signals: ['SIGUSR2'] })
  await expect.poll(() => cluster.members.length).toBe(1)
  process.kill(process.pid, 'SIGUSR2')
  await run
  expect(process.listenerCount('SIGUSR2')).toBe(before)
})
