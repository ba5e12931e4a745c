import fc from 'fast-check'
import { seededRandom } from '../../packages/libring/src/base/random.ts'
import type { SwimInput } from '../../packages/libring/src/swim/effects.ts'
import { resolveSwimOptions } from '../../packages/libring/src/swim/options.ts'
import { SwimMachine } from '../../packages/libring/src/swim/swim-machine.ts'
import { encodeMessage } from '../../packages/libring/src/wire/encode.ts'
import type {
  NodeState,
  PacketMessage,
  StreamMessage,
  Versions,
} from '../../packages/libring/src/wire/messages.ts'
import { machineContract } from '../contract/machine.ts'

// Few names and few incarnations, so that claims meet; every message a peer could send.
const name = fc.constantFrom('self', 'ann', 'bob', 'cat')
const incarnation = fc.oneof(fc.nat(6), fc.constantFrom(0xffff_0000, 0xffff_ffff))
const addr = fc.nat(4).map((last) => Uint8Array.of(127, 0, 0, last))
const address = fc.record({ host: fc.nat(4).map((last) => `127.0.0.${last}`), port: fc.nat(3) })
const meta = fc.uint8Array({ maxLength: 6 })
const versions = fc.constantFrom<(Versions | undefined)[]>(
  [1, 5, 2, 2, 5, 5],
  [1, 4, 2, 2, 5, 5],
  [0, 0, 0, 0, 0, 0],
  [9, 1, 2, 2, 5, 5],
  undefined,
)
const seq = fc.nat(8)
const replyTo = fc.option(fc.record({ addr, port: fc.nat(3), node: name }), { nil: undefined })
const port = fc.nat(3)
const payload = fc.uint8Array({ maxLength: 6 })

const ping = fc.record({ type: fc.constant('ping' as const), seq, node: name, replyTo })
const ack = fc.record({ type: fc.constant('ack' as const), seq, payload })
const packetMessage: fc.Arbitrary<PacketMessage> = fc.oneof(
  ping,
  ack,
  fc.record({ type: fc.constant('nack' as const), seq }),
  fc.record({
    type: fc.constant('indirect-ping' as const),
    seq,
    target: addr,
    port,
    node: name,
    nack: fc.boolean(),
    replyTo,
  }),
  fc.record({ type: fc.constant('suspect' as const), incarnation, node: name, from: name }),
  fc.record({ type: fc.constant('dead' as const), incarnation, node: name, from: name }),
  fc.record({
    type: fc.constant('alive' as const),
    incarnation,
    node: name,
    addr,
    port,
    meta,
    versions,
  }),
  fc.record({ type: fc.constant('user' as const), payload }),
)
const state = fc.constantFrom(
  'alive' as const,
  'suspect' as const,
  'dead' as const,
  'left' as const,
)
const nodeState: fc.Arbitrary<NodeState> = fc.record({
  name,
  addr,
  port,
  meta,
  incarnation,
  state,
  versions,
})
const streamMessage: fc.Arbitrary<StreamMessage> = fc.oneof(
  ping,
  ack,
  fc.record({ type: fc.constant('user' as const), payload }),
  fc.record({ type: fc.constant('error' as const), reason: fc.string({ maxLength: 5 }) }),
  fc.record({
    type: fc.constant('push-pull' as const),
    join: fc.boolean(),
    nodes: fc.array(nodeState, { maxLength: 5 }),
    userState: payload,
  }),
)
const input: fc.Arbitrary<SwimInput> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.constant({ type: 'start', advertise: { host: '127.0.0.1', port: 1 } } as const),
  },
  {
    weight: 12,
    arbitrary: fc.record({
      type: fc.constant('packet' as const),
      from: address,
      bytes: packetMessage.map(encodeMessage),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('packet' as const),
      from: address,
      bytes: fc.uint8Array({ maxLength: 40 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('request' as const),
      connection: fc.nat(3),
      message: streamMessage,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('reply' as const),
      dial: fc.nat(6),
      message: streamMessage,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('dial-failed' as const),
      dial: fc.nat(6),
      reason: fc.constant('refused'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('request-fault' as const),
      connection: fc.nat(3),
      fault: fc.constant('truncated' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('join' as const),
      join: fc.nat(3),
      seeds: fc.array(address, { maxLength: 3 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('call' as const),
      to: address,
      node: fc.constantFrom('self', 'ann'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('direct' as const),
      to: address,
      payload: fc.uint8Array({ maxLength: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('meta' as const), meta }) },
  { weight: 1, arbitrary: fc.constant({ type: 'leave' } as const) },
)

for (const profile of ['lan', 'local'] as const) {
  machineContract(`SwimMachine (${profile})`, {
    input,
    create: () =>
      new SwimMachine({
        name: 'self',
        meta: Uint8Array.of(0xff, 0x80),
        versions: [1, 5, 2, 2, 5, 5],
        options: resolveSwimOptions(profile, { deadNodeReclaimMs: 5_000 }),
        random: seededRandom(3),
        passenger: {
          userState: () => Uint8Array.of(1),
          ackPayload: () => Uint8Array.of(1),
          takePayloads: () => [],
        },
      }),
  })
}
