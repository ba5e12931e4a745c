import { describe, expect, test } from 'vitest'
import { Cluster } from '../../../packages/libring/src/runtime/cluster.ts'
import type { ClusterOptions } from '../../../packages/libring/src/cluster/options.ts'
import { fixedMembers } from '../../../packages/libring/src/cluster/fixed-members.ts'
import type { Membership } from '../../../packages/libring/src/ports/membership.ts'

const MEMBERS = [
  { name: 'edge', host: '10.0.0.1', port: 1 },
  { name: 'a', host: '10.0.0.2', port: 1, tags: { role: 'store' } },
  { name: 'b', host: '10.0.0.3', port: 1, tags: { role: 'store' } },
]

/** Members that go on without the program, which stands beside `self`. */
function observed(self: string): Membership {
  return Object.assign(fixedMembers({ self, members: MEMBERS }), { isObserver: true })
}

const RING: ClusterOptions = {
  watchTags: { role: /^store$/ },
  assignment: 'go-consistent',
  partitions: 64,
  redundancy: 2,
  settleMs: 0,
}

describe('a cluster that only watches', () => {
  test('sees who holds what, and holds nothing', async () => {
    await using cluster = new Cluster({ ...RING, membership: observed('edge') })
    const steps: unknown[] = []
    cluster.on('acquire', (event) => steps.push(event))
    await cluster.start()
    await expect.poll(() => cluster.members.map(({ name }) => name)).toEqual(['a', 'b'])
    await using member = new Cluster({
      ...RING,
      membership: fixedMembers({ self: 'a', members: MEMBERS }),
    })
    await member.start()
    await expect.poll(() => member.members).toHaveLength(2)
    for (let partition = 0; partition < 64; partition++) {
      const names = (of: Cluster) => of.membersForPartition(partition).map(({ name }) => name)
      expect(names(cluster)).toEqual(names(member))
    }
    expect([steps, cluster.localName, cluster.held(0)]).toEqual([[], 'edge', undefined])
  })

  test('holds nothing either when its member is brought into the ring by somebody else', async () => {
    const membership = observed('edge')
    await using cluster = new Cluster({ ...RING, membership })
    const steps: unknown[] = []
    cluster.on('acquire', (event) => steps.push(event))
    await cluster.start()
    await membership.setTags({ role: 'store' })
    await expect.poll(() => cluster.members.map(({ name }) => name)).toEqual(['a', 'b', 'edge'])
    expect([steps, cluster.held(0)]).toEqual([[], undefined])
  })

  test('does not let in members that run no cluster, where ours do not', async () => {
    const { assignment: _, ...ring } = RING
    await using cluster = new Cluster({ ...ring, membership: observed('edge') })
    await cluster.start()
    await expect.poll(() => cluster.stats.views).toBeGreaterThan(0)
    expect(cluster.members).toEqual([])
  })

  test.each([
    ['onAcquire', { onAcquire: () => {} }],
    ['onRelease', { onRelease: () => {} }],
    ['onChange', { onChange: () => {} }],
    ['watchTags', { watchTags: {} }],
  ])('refuses %s of one that takes part', (option, options) => {
    const create = (): Cluster => new Cluster({ ...RING, ...options, membership: observed('edge') })
    expect(create).toThrow(expect.objectContaining({ name: 'OptionError', option }) as Error)
    expect(create).toThrow('the agent outlives the program')
  })

  test('refuses to start beside a member of the ring, and stops what it had begun', async () => {
    const membership = observed('a')
    await using cluster = new Cluster({ ...RING, membership })
    await expect(cluster.start()).rejects.toMatchObject({ option: 'watchTags' })
    await expect(membership.start()).rejects.toMatchObject({ code: 'LIBRING_CLOSED' })
  })

  test('leaves a membership alone that others use', async () => {
    const membership = observed('a')
    await membership.start()
    await using cluster = new Cluster({ ...RING, membership })
    await expect(cluster.start()).rejects.toMatchObject({ option: 'watchTags' })
    expect(cluster.members).toEqual([])
    await membership.start()
    await membership.stop()
  })

  test('refuses tags that would bring its member into the ring, and work for what it holds', async () => {
    await using cluster = new Cluster({ ...RING, membership: observed('edge') })
    await cluster.start()
    await expect(cluster.setTags({ role: 'store' })).rejects.toMatchObject({ option: 'tags' })
    await cluster.setTags({ role: 'edge' })
    await expect(cluster.runPartitions(async () => {})).rejects.toMatchObject({
      option: 'membership',
    })
  })
})
