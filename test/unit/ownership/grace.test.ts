import { describe, expect, test } from 'vitest'
import { Ring } from '../../../packages/libring/src/ring/ring.ts'
import { aClusterMember } from '../../support/ownership.ts'
import { OwnershipPeers } from '../../support/ownership-peers.ts'

const GRACE_MS = 20_000
const NAMES = ['ann', 'bob', 'cat', 'dan']
const RING = { partitions: 32, redundancy: 2 } as const
const ring = new Ring(
  NAMES.map((name) => aClusterMember(name)),
  RING,
)

/** Four who have held what they are to hold for a while. */
function fourPeers(options: { readonly settleMs?: number } = {}): OwnershipPeers {
  const peers = new OwnershipPeers(RING, { graceMs: GRACE_MS, ...options })
  for (const name of NAMES) peers.start(name, NAMES)
  peers.pass(5_000)
  for (const name of NAMES) peers.of(name).events.length = 0
  return peers
}

/** Everybody but `gone` hears that it has failed. */
function fail(peers: OwnershipPeers, gone: string): void {
  peers.crash(gone)
  for (const name of peers.peers.keys()) peers.fails(name, gone)
}

/** Names of all homes of all partitions, as `name` sees them. */
function homesSeenBy(peers: OwnershipPeers, name: string): readonly string[][] {
  const { homes } = peers.of(name).view!
  return Array.from({ length: RING.partitions }, (_, partition) => {
    return homes.holdersForPartition(partition).map((member) => member.name)
  })
}

const stepsOf = (peers: OwnershipPeers, name: string): readonly string[] => {
  return peers.of(name).events.map((event) => {
    return `${event.type} ${event.type === 'change' ? `${event.previousReplica} ` : ''}${event.replica}`
  })
}

const homes = Array.from({ length: RING.partitions }, (_, partition) => {
  return ring.holdersForPartition(partition).map(({ name }) => name)
})

describe('while a member is away', () => {
  test('its backups act for it, and nobody acquires anything', () => {
    const peers = fourPeers()
    fail(peers, 'ann')
    peers.pass(GRACE_MS - 1_000)
    for (const name of ['bob', 'cat', 'dan']) {
      expect(homesSeenBy(peers, name)).toEqual(homes)
      const acting = homes.filter(([first, second]) => first === 'ann' && second === name)
      expect(stepsOf(peers, name)).toEqual(acting.map(() => 'change 1 0'))
    }
    for (const [partition, [first, second]] of homes.entries()) {
      expect(peers.primaries(partition)).toEqual([first === 'ann' ? second : first])
    }
  })

  test('and comes back in time, all is as it was', () => {
    const peers = fourPeers()
    fail(peers, 'ann')
    peers.pass(GRACE_MS - 5_000)
    peers.start('ann', NAMES)
    for (const name of ['bob', 'cat', 'dan']) peers.joins(name, 'ann')
    peers.pass(3 * GRACE_MS)
    for (const [partition, [first]] of homes.entries()) {
      expect(peers.primaries(partition)).toEqual([first])
    }
    for (const name of ['bob', 'cat', 'dan']) {
      expect(stepsOf(peers, name).filter((step) => !step.startsWith('change'))).toEqual([])
    }
  })

  test('its homes move when its time is over, after one window', () => {
    const peers = fourPeers({ settleMs: 1_000 })
    fail(peers, 'ann')
    peers.pass(GRACE_MS + 999)
    expect(homesSeenBy(peers, 'bob')).toEqual(homes)
    peers.pass(1)
    for (const name of ['bob', 'cat', 'dan']) {
      expect(homesSeenBy(peers, name).flat()).not.toContain('ann')
      const { homes: all, ring: acting } = peers.of(name).view!
      expect(all).toBe(acting)
    }
    expect(stepsOf(peers, 'bob')).toContain('acquire 1')
  })

  test('its homes move at once when it left for good, or is remembered no more', () => {
    for (const end of ['quits', 'reaps'] as const) {
      const peers = fourPeers()
      fail(peers, 'ann')
      peers.pass(1_000)
      for (const name of peers.peers.keys()) peers[end](name, 'ann')
      peers.pass(1_000)
      expect(homesSeenBy(peers, 'bob').flat()).not.toContain('ann')
    }
  })

  test('and its backup fails as well, somebody else acts for both', () => {
    const peers = fourPeers()
    fail(peers, 'ann')
    fail(peers, 'bob')
    peers.pass(5_000)
    const both = homes.filter((row) => row.includes('ann') && row.includes('bob'))
    expect(both.length).toBeGreaterThan(0)
    const acquired = [...stepsOf(peers, 'cat'), ...stepsOf(peers, 'dan')]
    expect(acquired.filter((step) => step.startsWith('acquire'))).toEqual(
      both.map(() => 'acquire 0'),
    )
    expect(homesSeenBy(peers, 'cat')).toEqual(homes)
  })
})

describe('whoever joins meanwhile', () => {
  test('is told who is away before it decides anything', () => {
    const peers = fourPeers()
    fail(peers, 'ann')
    peers.pass(5_000)
    peers.start('eve', ['bob', 'cat', 'dan', 'eve'])
    for (const name of ['bob', 'cat', 'dan']) peers.joins(name, 'eve')
    peers.pass(1_000)
    expect(homesSeenBy(peers, 'eve')).toEqual(homesSeenBy(peers, 'bob'))
    expect(homesSeenBy(peers, 'eve').flat()).toContain('ann')
    peers.pass(GRACE_MS)
    expect(homesSeenBy(peers, 'eve')).toEqual(homesSeenBy(peers, 'bob'))
    expect(homesSeenBy(peers, 'eve').flat()).not.toContain('ann')
  })

  test('decides without them once nobody has answered for too long', () => {
    const peers = fourPeers()
    for (const name of NAMES) peers.silent.add(name)
    peers.start('eve', [...NAMES, 'eve'])
    peers.pass(14_999)
    expect(peers.of('eve').view).toBeUndefined()
    peers.pass(1)
    expect(peers.of('eve').view).toBeDefined()
  })

  test('does not wait for others who know no more than it does', () => {
    const peers = new OwnershipPeers(RING, { graceMs: GRACE_MS })
    for (const name of NAMES) peers.silent.add(name)
    for (const name of NAMES) peers.start(name, NAMES)
    for (const name of NAMES) peers.silent.delete(name)
    expect(NAMES.map((name) => peers.of(name).view)).toEqual(NAMES.map(() => undefined))
    peers.pass(2_000)
    for (const name of NAMES) expect(homesSeenBy(peers, name)).toEqual(homes)
  })
})

test('who hears of a failure when its time is over keeps nothing for it', () => {
  const peers = fourPeers()
  peers.crash('ann')
  for (const name of ['bob', 'cat']) peers.fails(name, 'ann')
  peers.pass(GRACE_MS + 5_000)
  peers.fails('dan', 'ann')
  peers.pass(3_000)
  expect(homesSeenBy(peers, 'dan')).toEqual(homesSeenBy(peers, 'bob'))
  expect(homesSeenBy(peers, 'dan').flat()).not.toContain('ann')
})

test('without grace a failure moves homes at once', () => {
  const peers = new OwnershipPeers(RING)
  for (const name of NAMES) peers.start(name, NAMES)
  peers.pass(5_000)
  fail(peers, 'ann')
  peers.pass(1_000)
  expect(homesSeenBy(peers, 'bob').flat()).not.toContain('ann')
})
