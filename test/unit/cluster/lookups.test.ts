import { describe, expect, test } from 'vitest'
import { ConfigMismatchError } from '../../../packages/libring/src/base/errors.ts'
import { Cluster } from '../../../packages/libring/src/cluster/cluster.ts'
import type { ClusterOptions } from '../../../packages/libring/src/cluster/options.ts'
import { LIBRING_TAG } from '../../../packages/libring/src/base/member.ts'
import { aMember, scriptedPorts } from '../../support/cluster.ts'
import { ChannelledMembership } from '../../support/ring-channel.ts'

const OURS = { partitions: 16, redundancy: 2 } as const

/** What a cluster with these options says of itself. */
async function tagOf(options: ClusterOptions): Promise<string> {
  const membership = new ChannelledMembership('zoe')
  const cluster = new Cluster({ membership, ...options }, scriptedPorts())
  await cluster.start()
  return membership.ringChannel.tags[LIBRING_TAG]!
}

/** A cluster of ours, and how others come to say something of the ring. */
async function aCluster(): Promise<{
  readonly cluster: Cluster
  tell(tag: string, ...names: readonly string[]): void
  others(options: ClusterOptions, ...names: readonly string[]): Promise<void>
}> {
  const ports = scriptedPorts()
  const membership = new ChannelledMembership('ann')
  const cluster = new Cluster({ membership, ...OURS }, ports)
  await cluster.start()
  function tell(tag: string, ...names: readonly string[]): void {
    const tags = { [LIBRING_TAG]: tag }
    membership.tell('member-update', ...names.map((name) => aMember(name, { tags })))
    ports.clock.runUntil(ports.clock.nowMs() + 1_000)
  }
  return {
    cluster,
    tell,
    others: async (options, ...names) => tell(await tagOf(options), ...names),
  }
}

const LOOKUPS: readonly (readonly [string, (cluster: Cluster) => unknown])[] = [
  ['partitionForKey', (cluster) => cluster.partitionForKey('k')],
  ['ownerForKey', (cluster) => cluster.ownerForKey('k')],
  ['holdersForKey', (cluster) => cluster.holdersForKey('k')],
  ['membersForKey', (cluster) => cluster.membersForKey('k')],
  ['holdersForPartition', (cluster) => cluster.holdersForPartition(3)],
  ['membersForPartition', (cluster) => cluster.membersForPartition(3)],
  ['homesForPartition', (cluster) => cluster.homesForPartition(3)],
]

describe('while most members have another configuration', () => {
  test.each(LOOKUPS)('%s throws an error that names the fields', async (_, look) => {
    const { cluster, others } = await aCluster()
    await others({ partitions: 32, redundancy: 3, keyHash: 'fnv1a64' }, 'bob', 'cat')
    const thrown = (() => {
      try {
        return look(cluster)
      } catch (error) {
        return error
      }
    })()
    expect(thrown).toBeInstanceOf(ConfigMismatchError)
    expect(thrown).toMatchObject({
      code: 'LIBRING_CONFIG_MISMATCH',
      fields: [
        'partitions 16 here, 32 there',
        'redundancy 2 here, 3 there',
        'keyHash murmur3 here, fnv1a64 there',
      ],
    })
  })

  test.each(LOOKUPS)('%s answers again once most have ours', async (_, look) => {
    const { cluster, others } = await aCluster()
    await others({ ...OURS, partitions: 32 }, 'bob', 'cat')
    await others(OURS, 'bob', 'cat')
    expect(() => look(cluster)).not.toThrow()
    expect(cluster.members.map(({ name }) => name)).toEqual(['ann', 'bob', 'cat'])
  })

  test('nobody is in the ring, and nothing is held', async () => {
    const { cluster, others } = await aCluster()
    const held = new Set<number>()
    cluster.on('release', ({ partition }) => held.delete(partition))
    for (let partition = 0; partition < OURS.partitions; partition++) held.add(partition)
    await others({ ...OURS, redundancy: 1 }, 'bob', 'cat')
    expect([cluster.members, [...held]]).toEqual([[], []])
  })

  test('the field that is not told in clear is told of, too', async () => {
    const { cluster, others } = await aCluster()
    await others({ ...OURS, weightTag: 'share' }, 'bob', 'cat')
    expect(() => cluster.ownerForKey('k')).toThrow(/rest [0-9a-f]{8} here, [0-9a-f]{8} there/)
  })

  test('a tag that cannot be read is none', async () => {
    const { cluster, tell } = await aCluster()
    tell('1,ring,s,not,a,tag', 'bob', 'cat')
    expect(cluster.members.map(({ name }) => name)).toEqual(['ann'])
    expect(cluster.ownerForKey('k')?.name).toBe('ann')
  })
})

describe('config-mismatch', () => {
  test('tells who bears which value of what, when that changes, and once all agree', async () => {
    const { cluster, others } = await aCluster()
    const told: unknown[] = []
    cluster.on('config-mismatch', ({ fields }) => told.push(fields))
    await others({ ...OURS, redundancy: 3 }, 'bob')
    await others({ ...OURS, redundancy: 3 }, 'bob')
    await others({ ...OURS, redundancy: 3 }, 'cat')
    await others(OURS, 'bob', 'cat')
    const values = (...threes: string[]) => [
      { value: '2', members: ['ann'] },
      { value: '3', members: threes },
    ]
    expect(told).toEqual([
      [{ field: 'redundancy', values: values('bob') }],
      [{ field: 'redundancy', values: values('bob', 'cat') }],
      [],
    ])
  })
})

test('whoever waits for a partition of others is told when the cluster has stopped', async () => {
  const { cluster, others } = await aCluster()
  await others(OURS, 'bob', 'cat')
  const names = (partition: number): string[] => {
    return cluster.holdersForPartition(partition).map(({ name }) => name)
  }
  const all = Array.from({ length: OURS.partitions }, (_, partition) => partition)
  const theirs = all.find((partition) => !names(partition).includes('ann'))!
  const untilNobodyHasIt = async (): Promise<void> => {
    while (names(theirs).length > 0) await cluster.whenMoved(theirs, { timeoutMs: 60_000 })
  }
  const told = untilNobodyHasIt()
  await cluster.stop({ signal: AbortSignal.abort() })
  await told
})
