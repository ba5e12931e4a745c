import { beforeEach, describe, expect, test } from 'vitest'
import { Cluster } from '../../../packages/libring/src/cluster/cluster.ts'
import type { ClusterEventType } from '../../../packages/libring/src/cluster/cluster-events.ts'
import { fixedMembers } from '../../../packages/libring/src/cluster/fixed-members.ts'
import type { ClusterOptions } from '../../../packages/libring/src/cluster/options.ts'
import type { OwnershipEvent } from '../../../packages/libring/src/ownership/event.ts'
import {
  aMember,
  calm,
  ScriptedMembership,
  scriptedPorts,
  stateOf,
  type ScriptedPorts,
} from '../../support/cluster.ts'
import { LogBook } from '../../support/simulated-node.ts'
import { RoleBook } from '../../support/ownership.ts'

let ports: ScriptedPorts
let membership: ScriptedMembership

beforeEach(() => {
  ports = scriptedPorts()
  membership = new ScriptedMembership('ann')
})

function aCluster(options: ClusterOptions = {}): Cluster {
  return new Cluster({ membership, partitions: 12, redundancy: 2, ...options }, ports)
}

async function aRunningCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const cluster = aCluster(options)
  await cluster.start()
  return cluster
}

async function pass(ms: number): Promise<void> {
  ports.clock.runUntil(ports.clock.nowMs() + ms)
  await calm()
}

const namesOf = (members: readonly { readonly name: string }[]): string[] =>
  members.map(({ name }) => name)

describe('lookups', () => {
  test('before the start find nobody, but know the partition', () => {
    const cluster = aCluster()
    expect([cluster.members, cluster.membersForKey('k'), cluster.holdersForKey('k')]).toEqual([
      [],
      [],
      [],
    ])
    expect(cluster.membersForPartition(3)).toEqual([])
    expect(cluster.holdersForPartition(3)).toEqual([])
    expect([cluster.ownerForKey('k'), cluster.localMember, cluster.serf]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
    expect(cluster.partitionForKey('k')).toBeGreaterThanOrEqual(0)
  })

  test('agree with one another', async () => {
    membership.join('bob', 'cat')
    const cluster = await aRunningCluster()
    const partition = cluster.partitionForKey('some key')
    expect(namesOf(cluster.membersForKey('some key')).sort()).toEqual(['ann', 'bob', 'cat'])
    expect(cluster.membersForKey('some key')).toEqual(cluster.membersForPartition(partition))
    expect(cluster.holdersForKey('some key')).toEqual(cluster.holdersForPartition(partition))
    expect(cluster.membersForKey('some key').slice(0, 2)).toEqual(cluster.holdersForKey('some key'))
    expect(cluster.ownerForKey('some key')).toBe(cluster.holdersForKey('some key')[0])
  })

  test('find only members whose tags match, each with what its tags say', async () => {
    const tags = { ring: 'active', http: '8080', weight: '3', zone: 'b' }
    membership.tell('member-join', aMember('bob', { tags }), aMember('router'))
    const cluster = await aRunningCluster({ watchTags: { ring: /^active$/ } })
    expect(cluster.members).toEqual([
      { ...aMember('bob', { tags }), weight: 3, zone: 'b', url: 'http://10.0.0.1:8080' },
    ])
    expect([cluster.localName, cluster.localMember?.name]).toEqual(['ann', 'ann'])
  })

  test('after the stop find nobody', async () => {
    const cluster = await aRunningCluster()
    await cluster.stop()
    expect([cluster.members, cluster.ownerForKey('k')]).toEqual([[], undefined])
  })
})

test('tags are handed on, before and after the start', async () => {
  const cluster = aCluster()
  await cluster.setTags({ ring: 'idle' })
  await cluster.start()
  await cluster.setTags({ ring: 'active' })
  expect(membership.calls).toEqual([
    'setTags {"ring":"idle"}',
    'start',
    'setTags {"ring":"active"}',
  ])
})

describe('a change of membership', () => {
  test('reaches listeners, iterators and handlers alike', async () => {
    const [heard, read, handled] = [new RoleBook(), new RoleBook(), new RoleBook()]
    const handler = (event: OwnershipEvent): void => handled.apply(event)
    const cluster = aCluster({ onAcquire: handler, onRelease: handler, onChange: handler })
    for (const type of ['acquire', 'release', 'change'] as const) {
      cluster.on(type, (event) => heard.apply(event))
    }
    const reading = (async () => {
      for await (const event of cluster.events) read.apply(event)
    })()
    await cluster.start()
    membership.join('bob', 'cat')
    await pass(1_000)
    membership.fail('bob')
    await calm()
    const held = Array.from({ length: 12 }, (_, partition) => {
      return [partition, namesOf(cluster.holdersForPartition(partition)).indexOf('ann')]
    })
    expect([heard.entries(), read.entries(), handled.entries()]).toEqual([held, held, held])
    await cluster.stop()
    await reading
    expect([heard.entries(), read.entries(), handled.entries()]).toEqual([[], [], []])
  })

  test('is told with the view that follows it', async () => {
    const cluster = await aRunningCluster()
    const views: unknown[] = []
    cluster.on('rebalance', ({ epoch, members, cause }) => {
      views.push([epoch, namesOf(members), cause.map(({ type }) => type), cluster.members.length])
    })
    membership.join('bob')
    await pass(1_000)
    expect(views).toEqual([[2, ['ann', 'bob'], ['member-join'], 2]])
  })

  test('of what the ring does not read shows in lookups, and makes no view', async () => {
    const cluster = await aRunningCluster()
    membership.join('bob')
    await pass(1_000)
    const before = cluster.explain('k')
    let views = 0
    cluster.on('rebalance', () => views++)
    const tags = { libring: 'x', mood: 'fine' }
    membership.tell('member-update', aMember('bob', { tags }))
    await pass(1_000)
    expect(cluster.members.map((member) => member.tags)).toEqual([{}, tags])
    expect(cluster.membersForKey('k').find(({ name }) => name === 'bob')?.tags).toEqual(tags)
    expect([views, cluster.stats.views, cluster.explain('k').moves]).toEqual([0, 2, before.moves])
  })

  test('shows in lookups before anybody is told of a step', async () => {
    const cluster = await aRunningCluster()
    const members: number[] = []
    cluster.on('release', () => members.push(cluster.members.length))
    membership.join('bob', 'cat', 'dan')
    await pass(1_000)
    expect(new Set(members)).toEqual(new Set([4]))
  })

  test('is told as Serf tells it, to listeners and to readers of serfEvents', async () => {
    const cluster = await aRunningCluster({ watchTags: { ring: /x/ } })
    const heard: string[] = []
    cluster.on('member', ({ type, members }) => heard.push(`${type} ${members[0]?.name}`))
    const read: string[] = []
    const reading = (async () => {
      for await (const { type, members } of cluster.serfEvents) {
        read.push(`${type} ${members[0]?.name}`)
      }
    })()
    await calm()
    membership.join('bob')
    membership.fail('bob')
    await cluster.stop()
    await reading
    expect([heard, read]).toEqual([
      ['member-join bob', 'member-failed bob'],
      ['member-join bob', 'member-failed bob'],
    ])
  })
})

describe('a listener', () => {
  test('that throws is logged, counted, and keeps nobody from hearing', async () => {
    const logger = new LogBook()
    const cluster = aCluster({ logger })
    let views = 0
    cluster.on('rebalance', () => {
      throw new Error('broken')
    })
    cluster.on('rebalance', () => views++)
    await cluster.start()
    expect([views, cluster.stats.listenersFailed, logger.messages('error')]).toEqual([
      1,
      1,
      ['listener failed'],
    ])
  })

  test('that is stopped hears nothing more', async () => {
    const cluster = aCluster()
    let views = 0
    const stop = cluster.on('rebalance', () => views++)
    stop()
    await cluster.start()
    expect(views).toBe(0)
  })

  test('for what does not exist is refused', () => {
    const type: string = 'rebalanced'
    expect(() => aCluster().on(type as ClusterEventType, () => {})).toThrow(
      expect.objectContaining({ code: 'LIBRING_OPTION_INVALID' }),
    )
  })

  test.each(['rebalance', 'acquire', 'release', 'member'] as const)(
    'may start and stop the cluster from within: on %s',
    async (type) => {
      membership.onStart = () => {}
      const logger = new LogBook()
      const cluster = aCluster({ logger })
      cluster.on(type, () => void cluster.start().catch(() => {}))
      cluster.on(type, () => void cluster.stop())
      await stateOf(cluster.start())
      await cluster.stop()
      expect(membership.calls).toEqual(['start', 'leave', 'stop'])
      expect([membership.listenerCount, cluster.members]).toEqual([0, []])
      await calm()
      const life = logger.messages('info').filter((message) => message !== 'rebalanced')
      expect(life).toEqual(['started', 'stopped'])
    },
  )
})

describe('a handler that fails', () => {
  test('is told, logged and counted', async () => {
    const logger = new LogBook()
    const failing = { onAcquire: () => Promise.reject(new Error('no disk')) }
    const cluster = aCluster({ logger, partitions: 1, ...failing })
    const told: unknown[] = []
    cluster.on('handler-error', ({ event, error }) => told.push([event.type, error]))
    await cluster.start()
    await calm()
    expect(told).toEqual([['acquire', new Error('no disk')]])
    expect([cluster.stats.handlersFailed, logger.messages('error')]).toEqual([
      1,
      ['handler failed'],
    ])
  })
})

describe('what someone should look at is logged:', () => {
  test('more members than partitions', async () => {
    const logger = new LogBook()
    membership.join('bob', 'cat')
    await aRunningCluster({ partitions: 2, logger })
    expect(logger.lines).toContainEqual({
      level: 'warn',
      message: 'more members than partitions',
      fields: { members: 3, partitions: 2 },
    })
  })

  test('a tag that means nothing', async () => {
    const logger = new LogBook()
    membership.tell('member-join', aMember('bob', { tags: { weight: 'heavy' } }))
    const cluster = await aRunningCluster({ logger })
    expect(logger.lines).toContainEqual({
      level: 'warn',
      message: 'tag ignored',
      fields: { member: 'bob', tag: 'weight' },
    })
    expect(cluster.stats.tagsIgnored).toBe(1)
  })
})

test('the same members give the same owners on every member', async () => {
  const members = ['ann', 'bob', 'cat'].map((name, i) => {
    return { name, host: `10.0.0.${i + 1}`, port: 7_946 }
  })
  const clusters = await Promise.all(
    members.map(async ({ name }) => {
      const shuffled = [...members].reverse()
      const cluster = aCluster({ membership: fixedMembers({ self: name, members: shuffled }) })
      await cluster.start()
      return cluster
    }),
  )
  for (let key = 0; key < 100; key++) {
    const owners = new Set(clusters.map((cluster) => cluster.ownerForKey(`key ${key}`)?.name))
    expect(owners.size).toBe(1)
  }
})
