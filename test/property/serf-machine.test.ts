import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type {
  MemberEvent,
  MemberEventType,
  MemberStatus,
} from '../../packages/libring/src/base/member.ts'
import { seededRandom } from '../../packages/libring/src/base/random.ts'
import type { SerfInput } from '../../packages/libring/src/serf/effects.ts'
import { KEY_QUERIES } from '../../packages/libring/src/serf/key-answers.ts'
import { LTIME_LIMIT } from '../../packages/libring/src/serf/lamport.ts'
import { encodeSerf } from '../../packages/libring/src/serf/message-codec.ts'
import type { SerfMessage } from '../../packages/libring/src/serf/messages.ts'
import { encodeFilters } from '../../packages/libring/src/serf/query-filters.ts'
import { resolveSerfOptions } from '../../packages/libring/src/serf/options.ts'
import { SerfMachine } from '../../packages/libring/src/serf/serf-machine.ts'
import { encodeTags } from '../../packages/libring/src/serf/tags.ts'
import { resolveSwimOptions } from '../../packages/libring/src/swim/options.ts'
import { encodeMessage } from '../../packages/libring/src/wire/encode.ts'
import type { NodeState, PacketMessage } from '../../packages/libring/src/wire/messages.ts'
import { machineContract } from '../contract/machine.ts'

// Few names and few times, so that intents, claims and deaths meet.
const node = fc.constantFrom('self', 'ann', 'bob', 'cat', '')
const ltime = fc.oneof(fc.bigInt(0n, 9n), fc.constantFrom(600n, LTIME_LIMIT - 1n))
const addr = fc.nat(4).map((last) => Uint8Array.of(127, 0, 0, last))
const port = fc.nat(3)
const address = fc.record({ host: fc.nat(4).map((last) => `127.0.0.${last}`), port })
const payload = fc.uint8Array({ maxLength: 4 })
const tags = fc.dictionary(fc.string({ maxLength: 3 }), fc.string({ maxLength: 5 }), { maxKeys: 3 })
const type = <T extends string>(text: T) => fc.constant(text)

const filter = fc.oneof(
  payload,
  fc.constant(encodeFilters({ nodes: ['self'] })[0]!),
  fc.constantFrom('.', '^a', '(').map((pattern) => encodeFilters({ tags: { '': pattern } })[0]!),
)
const queryName = fc.oneof(
  node,
  fc.constantFrom('_serf_ping', '_serf_conflict', ...Object.values(KEY_QUERIES)),
)

const serfMessage: fc.Arbitrary<SerfMessage> = fc.oneof(
  fc.record({ type: type('join'), ltime, node }),
  fc.record({ type: type('leave'), ltime, node, prune: fc.boolean() }),
  fc.record({ type: type('user-event'), ltime, name: node, payload, coalesce: fc.boolean() }),
  fc.record({
    type: type('query'),
    ltime,
    id: fc.nat(3),
    addr,
    port,
    sourceNode: node,
    filters: fc.array(filter, { maxLength: 2 }),
    flags: fc.nat(3),
    relayFactor: fc.nat(3),
    timeoutNanos: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
    name: queryName,
    payload,
  }),
  fc.record({
    type: type('query-response'),
    ltime,
    id: fc.nat(3),
    from: node,
    flags: fc.nat(3),
    payload,
  }),
  fc.record({ type: type('relay'), addr, port, zone: node, node, inner: payload }),
  fc.record({ type: type('key-request'), key: payload }),
)
const eventsAt = fc.record({
  ltime,
  events: fc.array(fc.record({ name: node, payload }), { maxLength: 3 }),
})
const userState: fc.Arbitrary<SerfMessage> = fc.record({
  type: type('push-pull'),
  ltime,
  eventLTime: ltime,
  queryLTime: ltime,
  statusLTimes: fc.array(fc.tuple(node, ltime), { maxLength: 4 }).map((pairs) => new Map(pairs)),
  leftMembers: fc.array(node, { maxLength: 4 }),
  events: fc.array(eventsAt, { maxLength: 3 }),
})

const incarnation = fc.nat(6)
const alive = fc.record({
  type: type('alive'),
  incarnation,
  node,
  addr,
  port: fc.integer({ min: 1, max: 3 }),
  meta: fc.oneof(tags.map(encodeTags), payload),
  versions: fc.constant([1, 5, 2, 2, 5, 5] as const),
})
const packetMessage: fc.Arbitrary<PacketMessage> = fc.oneof(
  { weight: 3, arbitrary: alive },
  { weight: 2, arbitrary: fc.record({ type: type('dead'), incarnation, node, from: node }) },
  { weight: 1, arbitrary: fc.record({ type: type('suspect'), incarnation, node, from: node }) },
  { weight: 1, arbitrary: fc.record({ type: type('ack'), seq: fc.nat(8), payload }) },
  {
    weight: 8,
    arbitrary: fc.record({ type: type('user'), payload: serfMessage.map(encodeSerf) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: type('user'), payload: fc.uint8Array({ maxLength: 30 }) }),
  },
)
const nodeState: fc.Arbitrary<NodeState> = fc
  .tuple(alive, fc.constantFrom('alive', 'suspect', 'dead', 'left'))
  .map(([claim, state]) => {
    const { node: name, incarnation, addr, port, meta, versions } = claim
    return { name, incarnation, addr, port, meta, versions, state }
  })
const pushPull = fc.record({
  type: type('push-pull'),
  join: fc.boolean(),
  nodes: fc.array(nodeState, { maxLength: 4 }),
  userState: fc.oneof(userState.map(encodeSerf), payload),
})

const input: fc.Arbitrary<SerfInput> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      type: type('start'),
      advertise: fc.constant({ host: '127.0.0.1', port: 1 }),
    }),
  },
  {
    weight: 14,
    arbitrary: fc.record({
      type: type('packet'),
      from: address,
      bytes: packetMessage.map(encodeMessage),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ type: type('request'), connection: fc.nat(3), message: pushPull }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ type: type('reply'), dial: fc.nat(6), message: pushPull }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: type('dial-failed'),
      dial: fc.nat(6),
      reason: fc.constant('refused'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: type('join'),
      join: fc.nat(3),
      seeds: fc.array(address, { maxLength: 2 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: type('tags'), tags }) },
  { weight: 1, arbitrary: fc.record({ type: type('leave') }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: type('user-event'),
      name: node,
      payload,
      coalesce: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: type('query'),
      query: fc.nat(3),
      name: queryName,
      payload,
      filters: fc.array(filter, { maxLength: 2 }),
      requestAck: fc.boolean(),
      relayFactor: fc.nat(3),
      timeoutMs: fc.option(fc.integer({ min: 1, max: 3_000 }), { nil: undefined }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: type('query-cancel'), query: fc.nat(3) }) },
  {
    weight: 1,
    arbitrary: fc.record({ type: type('respond-query'), query: fc.nat(6), payload }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: type('force-leave'), name: node, prune: fc.boolean() }),
  },
)

const create = (overrides = {}): SerfMachine => {
  return new SerfMachine({
    name: 'self',
    tags: {},
    swim: resolveSwimOptions('local', { compression: false }),
    serf: resolveSerfOptions({ reconnectIntervalMs: 500, ...overrides }),
    random: seededRandom(3),
  })
}

machineContract('SerfMachine', { create, input })
machineContract('SerfMachine, whose members are soon forgotten', {
  create: () =>
    create({ reconnectTimeoutMs: 700, tombstoneTimeoutMs: 300, leavePropagateDelayMs: 0 }),
  input,
  runs: 100,
})

const life = fc.array(fc.record({ afterMs: fc.nat(3_000), input }), { maxLength: 60 })

/** What may be told of a member next, by what was told of it last. */
const NEXT: Record<MemberEventType | 'nothing', readonly MemberEventType[]> = {
  nothing: ['member-join'],
  'member-join': ['member-update', 'member-leave', 'member-failed', 'member-reap'],
  'member-update': ['member-update', 'member-leave', 'member-failed', 'member-reap'],
  'member-failed': ['member-join', 'member-leave', 'member-reap'],
  'member-leave': ['member-join', 'member-reap'],
  'member-reap': ['member-join'],
}

describe('whatever happens to a Serf node', () => {
  test('the events it tells make sense one after the other, and add up to what it shows', () => {
    fc.assert(
      fc.property(life, (steps) => {
        const machine = create({ reconnectTimeoutMs: 4_000, tombstoneTimeoutMs: 3_000 })
        const last = new Map<string, MemberEventType>()
        let nowMs = 0
        for (const { afterMs, input } of steps) {
          nowMs += afterMs
          machine.tick(nowMs)
          machine.handle(input, nowMs)
          for (const { type, members } of memberEvents(machine)) {
            expect(members).toHaveLength(1)
            const { name } = members[0]!
            expect(NEXT[last.get(name) ?? 'nothing']).toContain(type)
            last.set(name, type)
          }
          const told = [...last].filter(([, type]) => type !== 'member-reap')
          const shown = machine.members()
          expect(shown.map(({ name }) => name).sort()).toEqual(told.map(([name]) => name).sort())
          for (const { name, status } of shown) {
            expect(STATUSES[last.get(name) ?? 'member-reap']).toContain(status)
          }
        }
      }),
      { seed: 5, numRuns: 300 },
    )
  })
})

const STATUSES: Record<MemberEventType, readonly MemberStatus[]> = {
  'member-join': ['alive', 'leaving'],
  'member-update': ['alive', 'leaving'],
  'member-failed': ['failed'],
  'member-leave': ['left'],
  'member-reap': [],
}

function memberEvents(machine: SerfMachine): MemberEvent[] {
  const events: MemberEvent[] = []
  for (let effect = machine.poll(); effect !== undefined; effect = machine.poll()) {
    if (effect.type === 'members') events.push(effect.event)
  }
  return events
}
