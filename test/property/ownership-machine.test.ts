import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Machine } from '../../packages/libring/src/base/machine.ts'
import { OwnershipMachine } from '../../packages/libring/src/ownership/ownership-machine.ts'
import type { ClusterMember } from '../../packages/libring/src/ownership/cluster-member.ts'
import type { Candidacy, OwnershipInput } from '../../packages/libring/src/ownership/effects.ts'
import type { PeerMessage } from '../../packages/libring/src/ownership/messages.ts'
import { resolveOwnershipOptions } from '../../packages/libring/src/ownership/options.ts'
import { configurationOf, type RingTag } from '../../packages/libring/src/ownership/ring-tag.ts'
import { spaceDigest } from '../../packages/libring/src/ownership/view-digest.ts'
import type { OwnershipEvent } from '../../packages/libring/src/ownership/event.ts'
import { resolveRingOptions } from '../../packages/libring/src/ring/options.ts'
import { machineContract } from '../contract/machine.ts'
import { aClusterMember, aMemberEvent } from '../support/ownership.ts'
import { OwnershipRun } from '../support/ownership-run.ts'

const seed = 41
const NAMES = ['ann', 'bob', 'cat', 'dan', 'eve', 'fay']
const ASSIGNMENTS = ['rendezvous', 'balanced', 'go-consistent', 'go-uniform'] as const

const STANDINGS = ['forming', 'serving', 'draining', 'returning', 'router'] as const
const RING = resolveRingOptions({ partitions: 8, redundancy: 2 })

/** What a member may say of the ring: nothing, that it serves, that it goes, or something else. */
const tags: fc.Arbitrary<RingTag | undefined> = fc.option(
  fc.record({
    name: fc.constant('ring'),
    standing: fc.constantFrom(...STANDINGS),
    configuration: fc.constantFrom(
      configurationOf(RING, ''),
      configurationOf(resolveRingOptions({ partitions: 9 }), ''),
    ),
  }),
  { nil: undefined },
)

type Op =
  | { readonly do: 'join' | 'leave' | 'fail' | 'reap' | 'outside'; readonly names: string[] }
  | { readonly do: 'update'; readonly name: string; readonly rev: number }
  | { readonly do: 'pass'; readonly ms: number }

const names = fc.subarray(NAMES, { minLength: 1, maxLength: 3 })
const op: fc.Arbitrary<Op> = fc.oneof(
  fc.record({ do: fc.constantFrom('join', 'leave', 'fail', 'reap', 'outside'), names }),
  fc.record({ do: fc.constant('update'), name: fc.constantFrom(...NAMES), rev: fc.nat(3) }),
  fc.record({ do: fc.constant('pass'), ms: fc.constantFrom(1, 300, 1_000, 20_000) }),
)
const lives = fc.record({
  local: fc.constantFrom(...NAMES),
  ring: fc.record({
    partitions: fc.constantFrom(1, 7, 32),
    redundancy: fc.constantFrom(1, 2, 3, 5),
    assignment: fc.constantFrom(...ASSIGNMENTS),
  }),
  options: fc.record({
    settleMs: fc.constantFrom(0, 500, 1_000),
    minMembers: fc.constantFrom(1, 1, 2, 4),
    formAlone: fc.boolean(),
  }),
  start: fc.record({
    members: fc.subarray(NAMES),
    othersExpected: fc.boolean(),
    othersSeen: fc.boolean(),
  }),
  script: fc.array(op, { maxLength: 40 }),
})

function perform(run: OwnershipRun, op: Op): OwnershipEvent[] {
  switch (op.do) {
    case 'join':
      return run.join(...op.names)
    case 'leave':
      return run.leave(...op.names)
    case 'fail':
      return run.fail(...op.names)
    case 'reap':
      return run.reap(...op.names)
    case 'outside':
      return run.updateOutside(...op.names)
    case 'update':
      return run.update(aClusterMember(op.name, { tags: { rev: `${op.rev}` } }))
    case 'pass':
      return run.pass(op.ms)
  }
}

test('folding all steps gives the roles that the view gives, at every moment of any life', () => {
  fc.assert(
    fc.property(lives, ({ local, ring, options, start, script }) => {
      const run = new OwnershipRun(local, ring, options)
      let seq = 0
      let isEnough = false
      const look = (act: () => OwnershipEvent[]): void => {
        const { view: before } = run
        const events = act()
        isEnough ||= run.seen.length >= options.minMembers
        // That they are enough is acted on when the window closes, like every other change.
        const isPending = run.machine.deadlineMs() !== undefined
        const told = run.book.entries()
        const isHeldBack = !isEnough || (isPending && told.length === 0)
        expect(told).toEqual(isHeldBack ? [] : run.rolesInView())
        for (const event of events) {
          expect(event.seq).toBe(++seq)
          const { from, to } = { from: undefined, to: undefined, ...event }
          expect({ from, to }).toEqual(rightNeighbours(event, local, before, run.view))
        }
      }
      look(() => run.start(start.members, start))
      for (const op of script) look(() => perform(run, op))
      look(() => run.settle())
      look(() => run.stop())
      expect(run.book.entries()).toEqual([])
    }),
    { seed, numRuns: 400 },
  )
})

/** `from` had the index in the view before, `to` has it in the view after. */
function rightNeighbours(
  event: OwnershipEvent,
  local: string,
  before: OwnershipRun['view'],
  after: OwnershipRun['view'],
): Neighbours {
  const { partition } = event
  const taken = event.type === 'release' ? undefined : event.replica
  const left = event.type === 'change' ? event.previousReplica : event.replica
  const hadIt = taken === undefined ? undefined : holderIn(before, partition, taken)
  return {
    from: hadIt?.name === local ? undefined : hadIt,
    to: event.type === 'acquire' ? undefined : holderIn(after, partition, left),
  }
}

interface Neighbours {
  readonly from: ClusterMember | undefined
  readonly to: ClusterMember | undefined
}

function holderIn(
  view: OwnershipRun['view'],
  partition: number,
  replica: number,
): ClusterMember | undefined {
  return view?.ring.holdersForPartition(partition)[replica]
}

test('once nothing is pending, the view shows exactly who is in the ring', () => {
  fc.assert(
    fc.property(lives, ({ local, ring, options, start, script }) => {
      const run = new OwnershipRun(local, ring, { ...options, formAlone: true })
      run.start(start.members, start)
      for (const op of script) perform(run, op)
      run.settle()
      expect(run.shown).toEqual(run.seen.map(({ name }) => name).sort())
    }),
    { seed, numRuns: 200 },
  )
})

test('a change that leaves the local roles as they are is silent', () => {
  fc.assert(
    fc.property(lives, ({ local, ring, start, script }) => {
      const run = new OwnershipRun(local, ring, { settleMs: 0 })
      run.start(start.members)
      for (const op of script) {
        const before = run.rolesInView()
        const events = perform(run, op)
        const after = new Map(run.rolesInView())
        const kept = before.filter(([partition, role]) => after.get(partition) === role)
        const silent = new Set(kept.map(([partition]) => partition))
        expect(events.filter(({ partition }) => silent.has(partition))).toEqual([])
      }
    }),
    { seed, numRuns: 200 },
  )
})

machineContract('OwnershipMachine', {
  create: () => legible(aMachine()),
  input: fc.oneof(
    { weight: 2, arbitrary: startInput() },
    { weight: 20, arbitrary: membersInput() },
    { weight: 2, arbitrary: stallInput() },
    { weight: 1, arbitrary: fc.constant<OwnershipInput>({ type: 'stop' }) },
  ),
})

machineContract('OwnershipMachine among members that hand off', {
  create: () => legible(aMachine(() => true)),
  input: fc.oneof(
    { weight: 2, arbitrary: startInput() },
    { weight: 10, arbitrary: membersInput() },
    { weight: 20, arbitrary: peerInput() },
    { weight: 2, arbitrary: stallInput() },
    { weight: 1, arbitrary: fc.constant<OwnershipInput>({ type: 'stop' }) },
  ),
})

function aMachine(canHandOff: (member: ClusterMember) => boolean = () => false): OwnershipMachine {
  return new OwnershipMachine({
    localName: 'ann',
    ring: RING,
    stance: { configuration: configurationOf(RING, ''), untagged: 'accept' },
    options: resolveOwnershipOptions({ minMembers: 2 }),
    canHandOff,
  })
}

/** The machine with views as plain values: rings hold functions, which equal themselves only. */
function legible(machine: OwnershipMachine): Machine<OwnershipInput, unknown> {
  return {
    handle: (input, nowMs) => machine.handle(input, nowMs),
    tick: (nowMs) => machine.tick(nowMs),
    deadlineMs: () => machine.deadlineMs(),
    poll() {
      const effect = machine.poll()
      if (effect?.type === 'records') return { type: 'records', members: effect.ring.members }
      if (effect?.type !== 'view') return effect
      const { epoch, cause, ring } = effect.view
      return { epoch, cause, members: ring.members, holders: ring.assignment.holders }
    },
  }
}

/** What others say and handlers do, sense and nonsense. */
function peerInput(): fc.Arbitrary<OwnershipInput> {
  const partition = fc.nat({ max: 9 })
  const small = fc.nat({ max: 4 })
  const from = fc.constantFrom(...NAMES)
  const token = fc.constantFrom(0n, 1n, 1n << 40n, (1n << 62n) - 1n)
  const space = fc.constantFrom(spaceDigest(RING), 0)
  const life = fc.bigInt(0n, 2n)
  const header = fc.record({ life, seq: small, clock: token, digest: small, space })
  const partitions = fc.uniqueArray(partition, { maxLength: 4 })
  const standings = ['none', 'holding', 'letting-go', 'taking', 'waiting'] as const
  const ask = fc.record({ attempt: small, letGo: fc.boolean(), partitions })
  const answer = fc.record({ attempt: small, standing: fc.constantFrom(...standings), partitions })
  const legacy = fc.record({ partition, token, state: fc.uint8Array({ maxLength: 2 }) })
  const holdings = fc.array(fc.record({ partition, token }), { maxLength: 4 })
  const body = fc.oneof(
    fc.record({ type: fc.constant('ask' as const), groups: fc.array(ask, { maxLength: 3 }) }),
    fc.record({
      type: fc.constant('answer' as const),
      // The life of the machine itself is the time of its first message.
      asker: fc.constantFrom(0n, 1_000n << 16n),
      groups: fc.array(answer, { maxLength: 3 }),
      legacies: fc.array(legacy, { maxLength: 2 }),
    }),
    fc.record({ type: fc.constantFrom('acquired' as const, 'offer' as const), holdings }),
    fc.record({ type: fc.constant('parting' as const), partitions }),
  )
  return fc.oneof(
    fc.record({
      type: fc.constant('peer-message' as const),
      from,
      message: fc.tuple(header, body).map(([head, rest]): PeerMessage => ({ ...head, ...rest })),
    }),
    fc.record({
      type: fc.constant('exchanged' as const),
      with: from,
      outcome: fc.constantFrom('done' as const, 'failed' as const),
    }),
    fc.record({ type: fc.constant('handler-settled' as const), partition, seq: fc.nat(20) }),
    fc.record({ type: fc.constant('let-go' as const), partition, seq: fc.nat(20) }),
  )
}

function stallInput(): fc.Arbitrary<OwnershipInput> {
  return fc.oneof(
    fc.constant<OwnershipInput>({ type: 'stalled' }),
    fc.record({ type: fc.constant('contacted' as const), doubt: fc.nat({ max: 3 }) }),
  )
}

function startInput(): fc.Arbitrary<OwnershipInput> {
  return fc.record({
    type: fc.constant('start'),
    candidacies: fc.array(candidacy(), { maxLength: 4 }),
    othersExpected: fc.boolean(),
    othersSeen: fc.boolean(),
  })
}

function membersInput(): fc.Arbitrary<OwnershipInput> {
  const type = fc.constantFrom(
    'member-join' as const,
    'member-leave' as const,
    'member-failed' as const,
    'member-update' as const,
    'member-reap' as const,
  )
  return fc.tuple(type, fc.array(candidacy(), { maxLength: 4 })).map(([kind, candidacies]) => ({
    type: 'members',
    event: aMemberEvent(kind, ...candidacies.map(({ name }) => name)),
    candidacies,
  }))
}

function candidacy(): fc.Arbitrary<Candidacy> {
  const place = fc.constantFrom('part', 'none', 'bystander')
  return fc.record({ name: fc.constantFrom(...NAMES), place, tag: tags }).map((its) => ({
    name: its.name,
    member: its.place === 'part' ? aClusterMember(its.name) : undefined,
    bystander: its.place === 'bystander' ? aClusterMember(its.name) : undefined,
    tag: its.tag,
  }))
}
