import { describe, expect, test } from 'vitest'
import { Ring } from '../../../packages/libring/src/ring/ring.ts'
import { aClusterMember } from '../../support/ownership.ts'
import { OwnershipPeers } from '../../support/ownership-peers.ts'
import { aCandidacy, RingedMember } from '../../support/ringed-member.ts'

// What a member does whose process was stopped for so long that others may have taken what it
// held. How it notices is the matter of cluster/fence.ts.

const ring = { partitions: 32, redundancy: 2, assignment: 'rendezvous' } as const
const ALL = Array.from({ length: 32 }, (_, partition) => partition)

/** Partitions of which the members have `name` hold index `replica`. */
function planned(name: string, replica: number, ...members: readonly string[]): readonly number[] {
  const view = new Ring(
    members.map((member) => aClusterMember(member)),
    ring,
  )
  return view
    .partitionsOf(name)
    .filter((role) => role.replica === replica)
    .map(({ partition }) => partition)
}

/** Three that hold what they are to hold. */
function three(options: ConstructorParameters<typeof OwnershipPeers>[1] = {}): OwnershipPeers {
  const names = ['ann', 'bob', 'cat']
  const peers = new OwnershipPeers(ring, options)
  for (const name of names) {
    peers.start(
      name,
      names.filter((other) => other !== name),
    )
  }
  peers.pass(2_000)
  return peers
}

/** Steps of the member since it had told so many. */
function stepsSince(peers: OwnershipPeers, name: string, count: number): readonly string[] {
  const events = peers.of(name).events.slice(count)
  return events.map(({ type, partition, replica }) => `${type} ${partition} ${replica}`)
}

function tokenOf(peers: OwnershipPeers, name: string, partition: number): bigint {
  const event = peers
    .of(name)
    .events.findLast((it) => it.partition === partition && it.type !== 'release')
  return (event?.type !== 'release' && event?.token) || 0n
}

describe('until it has reached another member', () => {
  test('a member that was stopped tells no step and says nothing, whatever comes', () => {
    const peers = three()
    const told = peers.of('ann').events.length
    peers.stopped.add('ann')
    peers.pass(60_000)
    const said: string[] = []
    peers.onSend = (from) => said.push(from)
    peers.wakes('ann')
    peers.fails('ann', 'bob')
    peers.joins('ann', 'dan')
    // Cat is to have what bob had, and asks.
    peers.fails('cat', 'bob')
    peers.settle('ann')
    peers.pass(9_000)
    expect(stepsSince(peers, 'ann', told)).toEqual([])
    expect([said.includes('ann'), said.includes('cat')]).toEqual([false, true])
    expect(peers.contacts.filter(({ name }) => name === 'ann')).toHaveLength(10)
  })

  test('one that may be alone goes on after bootstrapTimeoutMs without an answer', () => {
    const peers = three()
    const told = peers.of('ann').events.length
    peers.wakes('ann')
    peers.pass(9_999)
    expect(stepsSince(peers, 'ann', told)).toEqual([])
    peers.pass(1)
    expect(stepsSince(peers, 'ann', told).length).toBeGreaterThan(0)
  })

  test('one that may not be alone goes on trying', () => {
    const peers = three({ formAlone: false })
    const told = peers.of('ann').events.length
    peers.wakes('ann')
    peers.pass(600_000)
    expect(stepsSince(peers, 'ann', told)).toEqual([])
    peers.reaches('ann')
    expect(stepsSince(peers, 'ann', told).length).toBeGreaterThan(0)
  })

  test('one that knows nobody and waits for nobody goes on at once', () => {
    const peers = new OwnershipPeers(ring)
    peers.start('ann')
    peers.pass(2_000)
    const told = peers.of('ann').events.length
    peers.wakes('ann')
    const steps = stepsSince(peers, 'ann', told)
    expect(steps.filter((step) => step.startsWith('release'))).toHaveLength(32)
    expect(steps.filter((step) => step.startsWith('acquire'))).toHaveLength(32)
    expect(ALL.map((partition) => peers.primaries(partition))).toEqual(ALL.map(() => ['ann']))
  })

  test('an answer to what it tried before it was stopped again is none', () => {
    const peers = three()
    const told = peers.of('ann').events.length
    peers.wakes('ann')
    const [first] = peers.contacts
    peers.wakes('ann')
    peers.of('ann').machine.handle({ type: 'contacted', doubt: first!.doubt }, peers.nowMs)
    expect(peers.of('ann').machine.poll()).toBeUndefined()
    peers.reaches('ann')
    expect(stepsSince(peers, 'ann', told).length).toBeGreaterThan(0)
  })
})

describe('once it has reached another member', () => {
  test('it lets go whatever it held at index 0, keeps its backups, and takes anew', () => {
    const peers = three()
    const told = peers.of('ann').events.length
    const mine = planned('ann', 0, 'ann', 'bob', 'cat')
    const before = mine.map((partition) => tokenOf(peers, 'ann', partition))
    peers.wakes('ann')
    peers.reaches('ann')
    peers.pass(2_000)
    const steps = stepsSince(peers, 'ann', told)
    const wanted = mine.flatMap((partition) => [`release ${partition} 0`, `acquire ${partition} 0`])
    expect(steps.toSorted()).toEqual(wanted.toSorted())
    for (const [index, partition] of mine.entries()) {
      expect(tokenOf(peers, 'ann', partition)).toBeGreaterThan(before[index]!)
    }
    const released = peers.of('ann').events.find(({ type }) => type === 'release')
    expect(released).toMatchObject({ to: undefined })
  })

  test('what others have taken meanwhile it has back only once they have let it go', () => {
    const peers = three()
    const mine = planned('ann', 0, 'ann', 'bob', 'cat')
    peers.stopped.add('ann')
    for (const name of ['bob', 'cat']) peers.fails(name, 'ann')
    peers.pass(30_000)
    for (const partition of mine) expect(peers.primaries(partition)).toHaveLength(2)
    peers.wakes('ann')
    peers.reaches('ann')
    // They do not see it yet.
    for (const partition of mine) expect(peers.primaries(partition)).not.toContain('ann')
    const served = mine.map((partition) => peers.primaries(partition))
    peers.pass(5_000)
    expect(mine.map((partition) => peers.primaries(partition))).toEqual(served)
    for (const name of ['bob', 'cat']) peers.joins(name, 'ann')
    peers.pass(5_000)
    for (const partition of mine) expect(peers.primaries(partition)).toEqual(['ann'])
    expect(peers.of('bob').reports).toEqual([])
  })

  test('answers from before it was stopped are no answers to what it was taking', () => {
    const peers = new OwnershipPeers(ring)
    peers.silent.add('cat')
    peers.start('ann', ['bob', 'cat'])
    peers.start('bob', ['ann', 'cat'])
    peers.start('cat', ['ann', 'bob'])
    peers.pass(1_500)
    // Bob has said that it has nothing, cat has said nothing yet.
    const mine = planned('ann', 0, 'ann', 'bob', 'cat')
    expect(peers.primaries(mine[0]!)).toEqual([])
    peers.stopped.add('ann')
    for (const name of ['bob', 'cat']) peers.fails(name, 'ann')
    peers.silent.delete('cat')
    peers.pass(30_000)
    const others = mine.map((partition) => peers.primaries(partition))
    expect(others.map(({ length }) => length)).toEqual(mine.map(() => 1))
    expect(others.flat()).toContain('bob')
    peers.wakes('ann')
    peers.reaches('ann')
    peers.pass(5_000)
    expect(mine.map((partition) => peers.primaries(partition))).toEqual(others)
  })

  test('it waits for its own handlers, those that were done meanwhile are done', () => {
    const peers = three()
    const [partition] = planned('ann', 0, 'ann', 'bob', 'cat')
    peers.busy.add('ann')
    peers.wakes('ann')
    peers.reaches('ann')
    peers.pass(3_000)
    expect(peers.primaries(partition!)).toEqual([])
    peers.wakes('ann')
    peers.settle('ann')
    peers.pass(3_000)
    expect(peers.primaries(partition!)).toEqual([])
    peers.reaches('ann')
    peers.pass(1_000)
    expect(peers.primaries(partition!)).toEqual(['ann'])
  })

  test('it acts on all that has become of the members meanwhile, as on one change', () => {
    const peers = three()
    peers.wakes('ann')
    peers.fails('ann', 'bob')
    peers.fails('ann', 'cat')
    peers.joins('ann', 'dan')
    peers.start('dan', ['ann'])
    peers.reaches('ann')
    peers.pass(3_000)
    const mine = planned('ann', 0, 'ann', 'dan')
    const held = ALL.filter((partition) => peers.of('ann').book.roles.get(partition) === 0)
    expect(held).toEqual(mine)
  })

  test('a settle window that was opened before or meanwhile lasts as long as any', () => {
    const peers = three({ settleMs: 1_000 })
    const members = () => peers.of('ann').view?.ring.members.map(({ name }) => name)
    peers.joins('ann', 'dan')
    peers.wakes('ann')
    peers.pass(400)
    peers.reaches('ann')
    peers.pass(599)
    expect(members()).toEqual(['ann', 'bob', 'cat'])
    peers.pass(1)
    expect(members()).toEqual(['ann', 'bob', 'cat', 'dan'])
  })

  test('a failure that was seen meanwhile is acted on at once', () => {
    const peers = three({ settleMs: 1_000 })
    peers.wakes('ann')
    peers.fails('ann', 'bob')
    peers.joins('ann', 'dan')
    peers.reaches('ann')
    const { view } = peers.of('ann')
    expect(view?.ring.members.map(({ name }) => name)).toEqual(['ann', 'cat', 'dan'])
  })
})

test('a stop lets everything go at once, in doubt or not', () => {
  const peers = three()
  peers.wakes('ann')
  peers.stop('ann')
  expect([...peers.of('ann').book.roles.keys()]).toEqual([])
  peers.pass(3_000)
  expect(peers.of('ann').machine.isEmpty).toBe(true)
})

test('before the start, and after the stop, there is nothing to doubt', () => {
  const peers = three()
  peers.stop('ann')
  peers.wakes('ann')
  expect(peers.contacts).toEqual([])
})

test('an exchange of members that ends before another member was reached counts for nothing', () => {
  const ann = new RingedMember('ann', ring)
  ann.start(aCandidacy('bob', ring, 'serving'))
  const isTaken = (): boolean => Object.values(ann.roles).includes(0)
  /** From somebody who sees something else. */
  const answer = (): void => {
    const ask = ann.said('ask').at(-1)!
    const groups = ask.groups.map(({ attempt, partitions }) => {
      return { attempt, partitions, standing: 'none' as const }
    })
    ann.receive('bob', ring, 'answer', { asker: ask.life, groups, legacies: [] })
  }
  const exchanged = (): void => {
    ann.machine.handle({ type: 'exchanged', with: 'bob', outcome: 'done' }, ann.nowMs)
    ann.pass(0)
  }
  answer()
  ann.machine.handle({ type: 'stalled' }, ann.nowMs)
  exchanged()
  ann.machine.handle({ type: 'contacted', doubt: 1 }, ann.nowMs)
  ann.pass(500)
  ann.receive('bob', ring, 'offer', { holdings: [] })
  ann.pass(500)
  expect([ann.told.filter((type) => type === 'exchange').length, isTaken()]).toEqual([1, false])
  answer()
  exchanged()
  expect([ann.told.filter((type) => type === 'exchange').length, isTaken()]).toEqual([2, true])
})
