import { beforeEach, describe, expect, test } from 'vitest'
import { LIBRING_TAG } from '../../../packages/libring/src/base/member.ts'
import { Cluster } from '../../../packages/libring/src/cluster/cluster.ts'
import type { ClusterOptions } from '../../../packages/libring/src/cluster/options.ts'
import { aMember, calm, scriptedPorts, stateOf, type ScriptedPorts } from '../../support/cluster.ts'
import { ChannelledMembership } from '../../support/ring-channel.ts'

// Several rings over one node: what the tag `libring` says of each, and who ends the node.

let ports: ScriptedPorts
let membership: ChannelledMembership

beforeEach(() => {
  ports = scriptedPorts()
  membership = new ChannelledMembership('ann', { ring: 'active' })
})

function aRing(name: string, options: ClusterOptions = {}): Cluster {
  return new Cluster({ membership, name, partitions: 4, redundancy: 2, ...options }, ports)
}

async function aRunningRing(name: string, options: ClusterOptions = {}): Promise<Cluster> {
  const cluster = aRing(name, options)
  await cluster.start()
  return cluster
}

const told = (): readonly string[] => membership.ringChannel.told

describe('rings of one node', () => {
  test('are told of side by side, each for as long as it runs', async () => {
    const [jobs, rooms] = [await aRunningRing('jobs'), await aRunningRing('rooms')]
    expect(told()).toEqual(['jobs serving', 'rooms serving'])
    await jobs.stop()
    expect(told()).toEqual(['rooms serving'])
    expect(membership.calls).not.toContain('leave')
    await rooms.stop()
    expect(membership.calls.slice(-2)).toEqual(['leave', 'stop'])
  })

  test('leave a node that ran before them, and say nothing more on it', async () => {
    await membership.start()
    const jobs = await aRunningRing('jobs')
    expect(told()).toEqual(['jobs serving'])
    await jobs.stop()
    expect(told()).toEqual([])
    expect(membership.calls).not.toContain('leave')
    await (await aRunningRing('jobs')).stop()
    expect(told()).toEqual([])
  })

  test('have names of their own', async () => {
    const jobs = await aRunningRing('jobs')
    const other = aRing('jobs')
    await expect(other.start()).rejects.toMatchObject({ option: 'name' })
    await other.stop()
    expect(told()).toEqual(['jobs serving'])
    expect(membership.calls).toEqual(['start'])
    expect(membership.ringChannel.topics).toEqual(['libring/ring/jobs'])
    await jobs.stop()
    expect(membership.calls).toEqual(['start', 'leave', 'stop'])
  })

  test('are eight at most', async () => {
    for (let i = 0; i < 8; i++) await aRunningRing(`r${i}`)
    const ninth = aRing('r8')
    await expect(ninth.start()).rejects.toMatchObject({ option: 'membership' })
    await ninth.stop()
    expect(told()).toHaveLength(8)
    expect(membership.calls).not.toContain('leave')
  })

  test('do not start where the tag has no room beside those of the user, until it has', async () => {
    await membership.start()
    await membership.setTags({ big: 'x'.repeat(490) })
    const jobs = aRing('jobs')
    await expect(jobs.start()).rejects.toMatchObject({ option: 'tags' })
    expect([told(), membership.listenerCount, membership.ringChannel.topics]).toEqual([[], 0, []])
    await membership.setTags({})
    await jobs.start()
    expect(told()).toEqual(['jobs serving'])
  })

  test('are left out of it when the node does not start, and told of again when it does', async () => {
    membership.onStart = () => Promise.reject(new Error('taken'))
    const [jobs, rooms] = [aRing('jobs'), aRing('rooms')]
    await expect(jobs.start()).rejects.toThrow('taken')
    membership.onStart = () => Promise.resolve()
    await rooms.start()
    expect(told()).toEqual(['rooms serving'])
    await jobs.start()
    expect(told()).toEqual(['rooms serving', 'jobs serving'])
  })
})

describe('what a ring says of the local member', () => {
  const watching = { watchTags: { ring: /^active$/ } } as const

  test('is that it serves, from the first word on', async () => {
    const texts: (string | undefined)[] = []
    membership.subscribe(({ members }) => texts.push(members[0]?.tags[LIBRING_TAG]))
    await aRunningRing('jobs', watching)
    expect(texts).not.toContain(undefined)
    expect(told()).toEqual(['jobs serving'])
  })

  test('is that it forms until so many are there', async () => {
    await aRunningRing('jobs', { minMembers: 2, acceptUntagged: true })
    expect(told()).toEqual(['jobs forming'])
    membership.join('bob')
    expect(told()).toEqual(['jobs serving'])
    membership.fail('bob')
    expect(told()).toEqual(['jobs serving'])
  })

  test('is that it is a router while its tags do not match, and a member once they do', async () => {
    await membership.setTags({})
    const jobs = await aRunningRing('jobs', watching)
    expect(told()).toEqual(['jobs router'])
    await jobs.setTags({ ring: 'active' })
    expect(told()).toEqual(['jobs serving'])
    ports.clock.runUntil(ports.clock.nowMs() + 1_000)
    await calm()
    expect(jobs.ownerForKey('k')?.name).toBe('ann')
  })

  test('is that it drains until it holds nothing, and only then that it is a router', async () => {
    const handlers: (() => void)[] = []
    const onRelease = (): Promise<void> => new Promise((resolve) => handlers.push(resolve))
    const jobs = await aRunningRing('jobs', { ...watching, acceptUntagged: true, onRelease })
    membership.tell('member-join', aMember('bob', { tags: { ring: 'active' } }))
    ports.clock.runUntil(ports.clock.nowMs() + 1_000)
    await calm()
    await jobs.setTags({})
    expect(told()).toEqual(['jobs draining'])
    ports.clock.runUntil(ports.clock.nowMs() + 1_000)
    await calm()
    expect(told()).toEqual(['jobs draining'])
    for (const settle of handlers) settle()
    await calm()
    expect(told()).toEqual(['jobs router'])
    await jobs.setTags({ ring: 'active' })
    expect(told()).toEqual(['jobs serving'])
  })

  test('is that it is a router, also where nobody is there to have what it had', async () => {
    const jobs = await aRunningRing('jobs', watching)
    expect(jobs.ownerForKey('k')?.name).toBe('ann')
    await jobs.setTags({})
    ports.clock.runUntil(ports.clock.nowMs() + 1_000)
    await calm()
    expect(told()).toEqual(['jobs router'])
    ports.clock.runUntil(ports.clock.nowMs() + 1_000)
    expect([jobs.members, jobs.ownerForKey('k')]).toEqual([[], undefined])
  })

  test('is that it serves again when its tags match again before it has let go', async () => {
    const jobs = await aRunningRing('jobs', watching)
    await jobs.setTags({})
    await jobs.setTags({ ring: 'active' })
    expect(told()).toEqual(['jobs serving'])
    ports.clock.runUntil(ports.clock.nowMs() + 1_000)
    expect(jobs.ownerForKey('k')?.name).toBe('ann')
  })

  test('is that it returns, also while other rings go on', async () => {
    const [jobs, rooms] = [await aRunningRing('jobs'), await aRunningRing('rooms', watching)]
    const held: (readonly string[])[] = []
    jobs.on('release', () => held.push(told()))
    await jobs.stop({ returning: true })
    expect(held[0]).toEqual(['jobs returning', 'rooms serving'])
    expect(told()).toEqual(['rooms serving', 'jobs away'])
    await rooms.setTags({ other: 'tag' })
    expect(told()).toContain('jobs away')
    await aRunningRing('jobs')
    expect(told()).toContain('jobs serving')
  })

  test('makes room for another ring where it is to return', async () => {
    await membership.start()
    for (let i = 0; i < 8; i++) {
      const cluster = await aRunningRing(`r${i}`)
      if (i < 2) await cluster.stop({ returning: true })
    }
    expect(told().slice(0, 3)).toEqual(['r0 away', 'r1 away', 'r2 serving'])
    await aRunningRing('r8')
    expect(told()).toHaveLength(8)
    expect(told()).not.toContain('r0 away')
  })

  test('is nothing more once it has stopped, whatever happens to the node', async () => {
    const [jobs] = [await aRunningRing('jobs', watching), await aRunningRing('rooms')]
    await jobs.setTags({})
    await jobs.stop()
    expect(told()).toEqual(['rooms serving'])
    await membership.setTags({ ring: 'active' })
    expect(told()).toEqual(['rooms serving'])
    await expect(aRunningRing('jobs')).resolves.toBeDefined()
  })

  test('is logged, and no more, where it cannot be spread', async () => {
    const jobs = await aRunningRing('jobs', watching)
    membership.ringChannel.onAnnounce = () => Promise.reject(new Error('too late'))
    await jobs.setTags({})
    expect(await stateOf(jobs.stop())).toBe('resolved')
  })
})
