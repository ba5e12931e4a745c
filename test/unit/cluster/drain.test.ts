import { beforeEach, describe, expect, test } from 'vitest'
import { LIBRING_TAG } from '../../../packages/libring/src/base/member.ts'
import { Cluster } from '../../../packages/libring/src/cluster/cluster.ts'
import { requireDrainOptions } from '../../../packages/libring/src/cluster/drain.ts'
import type { ClusterOptions } from '../../../packages/libring/src/cluster/options.ts'
import {
  aMember,
  calm,
  ScriptedMembership,
  scriptedPorts,
  stateOf,
  type ScriptedPorts,
} from '../../support/cluster.ts'
import { ChannelledMembership } from '../../support/ring-channel.ts'
import { LogBook } from '../../support/simulated-node.ts'

// What drain is where nothing can be handed over, and how it ends. How partitions are handed over
// is shown in test/sim/drain.test.ts.

let ports: ScriptedPorts
let membership: ChannelledMembership

beforeEach(() => {
  ports = scriptedPorts()
  membership = new ChannelledMembership('ann')
})

async function aRunningCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const cluster = new Cluster({ membership, partitions: 4, redundancy: 2, ...options }, ports)
  await cluster.start()
  return cluster
}

/** Others that serve the ring, and never say a word. */
function serves(...names: readonly string[]): void {
  const tags = { [LIBRING_TAG]: membership.ringChannel.tags[LIBRING_TAG]! }
  membership.tell('member-join', ...names.map((name) => aMember(name, { tags })))
}

async function pass(ms: number): Promise<void> {
  await calm()
  ports.clock.runUntil(ports.clock.nowMs() + ms)
  await calm()
}

describe('the options', () => {
  test('have defaults', () => {
    expect(requireDrainOptions({})).toEqual({ timeoutMs: 25_000, signal: undefined })
  })

  test.each([
    ['options', null],
    ['timeoutMs', { timeoutMs: -1 }],
    ['timeoutMs', { timeoutMs: 86_400_001 }],
    ['timeoutMs', { timeoutMs: 0.5 }],
    ['timeoutMs', { timeoutMs: '25000' }],
    ['signal', { signal: {} }],
    ['deadlineMs', { deadlineMs: 1 }],
  ])('are refused by the name %s', (option, options) => {
    expect(() => requireDrainOptions(options as object)).toThrow(
      expect.objectContaining({ option }),
    )
  })

  test('that are refused leave the cluster as it is', async () => {
    const cluster = await aRunningCluster()
    await expect(cluster.drain({ timeoutMs: -1 })).rejects.toMatchObject({ option: 'timeoutMs' })
    await expect(cluster.run({ drainTimeoutMs: -1 })).rejects.toMatchObject({
      option: 'drainTimeoutMs',
    })
    expect([membership.calls, cluster.members.length]).toEqual([['start'], 1])
  })
})

describe('a drain', () => {
  test('is a stop where nobody else is there', async () => {
    const cluster = await aRunningCluster()
    expect(await stateOf(cluster.drain())).toBe('resolved')
    expect(membership.calls).toEqual(['start', 'leave', 'stop'])
    expect(ports.clock.pending).toBe(0)
  })

  test('is a stop where members have no way to talk', async () => {
    const plain = new ScriptedMembership('ann')
    const cluster = await aRunningCluster({ membership: plain })
    plain.join('bob')
    await pass(1_000)
    expect(cluster.members).toHaveLength(2)
    expect(await stateOf(cluster.drain())).toBe('resolved')
    expect(plain.calls).toEqual(['start', 'leave', 'stop'])
  })

  test('is a stop before the start, and after the stop', async () => {
    const cluster = new Cluster({ membership }, ports)
    expect(await stateOf(cluster.drain())).toBe('resolved')
    expect(await stateOf(cluster.drain())).toBe('resolved')
    await expect(cluster.start()).rejects.toMatchObject({ code: 'LIBRING_CLOSED' })
    expect(membership.calls).toEqual([])
  })

  test('is a stop at once when it is given up beforehand', async () => {
    const cluster = await aRunningCluster({ onRelease: () => new Promise(() => {}) })
    serves('bob')
    await pass(1_000)
    expect(await stateOf(cluster.drain({ signal: AbortSignal.abort() }))).toBe('resolved')
    expect(membership.calls).toEqual(['start', 'stop'])
  })

  test('says so, keeps what it has until somebody asks, and ends when its time is over', async () => {
    const cluster = await aRunningCluster()
    serves('bob')
    await pass(1_000)
    const released: number[] = []
    cluster.on('release', ({ partition, replica }) => replica === 0 && released.push(partition))
    const drained = cluster.drain({ timeoutMs: 5_000 })
    await pass(4_999)
    expect(membership.ringChannel.told).toEqual(['ring draining'])
    expect([await stateOf(drained), released]).toEqual(['pending', []])
    await pass(1)
    expect([await stateOf(drained), released]).toEqual(['resolved', [0, 1, 2, 3]])
    expect([membership.calls.slice(-2), ports.clock.pending]).toEqual([['leave', 'stop'], 0])
  })

  test('that is given up is over at once, whatever handlers do', async () => {
    const cluster = await aRunningCluster({ onRelease: () => new Promise(() => {}) })
    serves('bob')
    await pass(1_000)
    const giveUp = new AbortController()
    const drained = cluster.drain({ signal: giveUp.signal })
    await pass(1_000)
    expect(await stateOf(drained)).toBe('pending')
    giveUp.abort()
    expect([await stateOf(drained), membership.calls]).toEqual(['resolved', ['start', 'stop']])
  })

  test('is over when the cluster is stopped meanwhile', async () => {
    const cluster = await aRunningCluster()
    serves('bob')
    await pass(1_000)
    const drained = cluster.drain()
    const again = cluster.drain({ timeoutMs: 0 })
    await pass(0)
    expect([await stateOf(drained), await stateOf(again)]).toEqual(['resolved', 'resolved'])
    expect(ports.clock.pending).toBe(0)
  })

  test('of one that still forms says nothing that others take for a ring', async () => {
    const cluster = await aRunningCluster({ minMembers: 3 })
    const tags = { [LIBRING_TAG]: membership.ringChannel.tags[LIBRING_TAG]! }
    membership.tell('member-join', aMember('bob', { tags }))
    await pass(1_000)
    const told: (readonly string[])[] = []
    membership.subscribe(() => told.push(membership.ringChannel.told))
    expect(await stateOf(cluster.drain())).toBe('resolved')
    expect(told.flat()).not.toContain('ring draining')
  })
})

describe('in the modes of Go libring, a drain', () => {
  const go = { assignment: 'go-consistent', watchTags: { ring: /^active$/ } } as const

  test('gives up the watched tags and no others', async () => {
    await membership.setTags({ ring: 'active', role: 'web' })
    const cluster = await aRunningCluster(go)
    membership.tell('member-join', aMember('bob', { tags: { ring: 'active' } }))
    await pass(1_000)
    const drained = cluster.drain()
    await pass(1_000)
    expect(await stateOf(drained)).toBe('resolved')
    expect(membership.calls).toContain('setTags {"role":"web"}')
  })

  test('ends in order where they cannot be given up', async () => {
    const logger = new LogBook()
    await membership.setTags({ ring: 'active' })
    const cluster = await aRunningCluster({ ...go, logger })
    membership.tell('member-join', aMember('bob', { tags: { ring: 'active' } }))
    await pass(1_000)
    membership.setTags = () => Promise.reject(new Error('too late'))
    const drained = cluster.drain()
    await pass(25_000)
    expect(await stateOf(drained)).toBe('resolved')
    expect(membership.calls.slice(-2)).toEqual(['leave', 'stop'])
  })
})

describe('a run', () => {
  test('that is signalled drains, and a second signal ends it at once', async () => {
    const cluster = new Cluster(
      { membership, partitions: 4, redundancy: 2, onRelease: () => new Promise(() => {}) },
      ports,
    )
    const run = cluster.run()
    await calm()
    serves('bob')
    await pass(1_000)
    ports.signals.send('SIGTERM')
    await pass(1_000)
    expect(membership.ringChannel.told).toEqual(['ring draining'])
    expect(await stateOf(run)).toBe('pending')
    ports.signals.send('SIGINT')
    expect(await stateOf(run)).toBe('resolved')
    expect([membership.calls, ports.signals.watched]).toEqual([['start', 'stop'], []])
  })

  test('hands over for as long as it may take', async () => {
    const cluster = new Cluster({ membership, partitions: 4, redundancy: 2 }, ports)
    const run = cluster.run({ drainTimeoutMs: 3_000 })
    await calm()
    serves('bob')
    await pass(1_000)
    ports.signals.send('SIGTERM')
    await pass(2_999)
    expect(await stateOf(run)).toBe('pending')
    await pass(1)
    expect(await stateOf(run)).toBe('resolved')
  })
})
