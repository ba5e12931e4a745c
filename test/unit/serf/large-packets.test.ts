import { expect, test } from 'vitest'
import type { SerfEffect } from '../../../packages/libring/src/serf/effects.ts'
import { encodeSerf } from '../../../packages/libring/src/serf/message-codec.ts'
import type { SerfMachine } from '../../../packages/libring/src/serf/serf-machine.ts'
import { serfVersions } from '../../../packages/libring/src/serf/setup.ts'
import { encodeMessage } from '../../../packages/libring/src/wire/encode.ts'
import { newMachine, serfMessages } from './world.ts'

/** What UDP over IPv4 takes at the most. */
const DATAGRAM_BYTES_MAX = 65_507
const LARGEST = 65_502

const ann = { host: '10.0.0.3', port: 7_946 }
let now = 0

function started(packetBytesMax: number, queryResponseBytesMax = 1_024): SerfMachine {
  const machine = newMachine('self', {
    swim: { packetBytesMax, probeIntervalMs: 600_000, pushPullIntervalMs: 0 },
    serf: { queryResponseBytesMax },
  })
  now = 0
  machine.handle({ type: 'start', advertise: { host: '10.1.0.1', port: 7_946 } }, now)
  hear(machine, aliveMessage('ann', 3))
  return machine
}

function hear(machine: SerfMachine, bytes: Uint8Array): SerfEffect[] {
  machine.handle({ type: 'packet', from: ann, bytes }, now)
  return effectsOf(machine)
}

function effectsOf(machine: SerfMachine): SerfEffect[] {
  const effects: SerfEffect[] = []
  for (let effect = machine.poll(); effect; effect = machine.poll()) effects.push(effect)
  return effects
}

const packetsOf = (effects: readonly SerfEffect[]) => {
  return effects.flatMap((effect) => (effect.type === 'send' ? [effect.bytes] : []))
}

function aliveMessage(node: string, last: number): Uint8Array {
  return encodeMessage({
    type: 'alive',
    incarnation: 1,
    node,
    addr: Uint8Array.of(10, 0, last >> 8, last & 0xff),
    port: 7_946,
    meta: new Uint8Array(),
    versions: serfVersions,
  })
}

function eventMessage(index: number, payloadBytes: number): Uint8Array {
  const payload = new Uint8Array(payloadBytes)
  const ltime = BigInt(index + 1)
  const event = { type: 'user-event', ltime, name: `e${index}`, payload, coalesce: false } as const
  return encodeMessage({ type: 'user', payload: encodeSerf(event) })
}

/** Every packet of the next so many milliseconds. */
function packetsUntil(machine: SerfMachine, endMs: number): Uint8Array[] {
  const packets: Uint8Array[] = []
  for (let next = now; next <= endMs; next = machine.deadlineMs() ?? Infinity) {
    now = Math.max(now, next)
    machine.tick(now)
    packets.push(...packetsOf(effectsOf(machine)))
  }
  return packets
}

test.each([1_400, 16_000, LARGEST])(
  'all that waits is sent, though more would fit into a packet than a compound may hold: %i bytes',
  (packetBytesMax) => {
    const machine = started(packetBytesMax)
    for (let index = 0; index < 300; index++) hear(machine, aliveMessage(`n${index}`, 256 + index))
    for (let index = 0; index < 200; index++) hear(machine, eventMessage(index, 4))
    const sent = packetsUntil(machine, 60_000).flatMap(serfMessages)
    const told = sent.flatMap((message) => (message.type === 'user-event' ? [message.name] : []))
    expect(new Set(told).size).toBe(200)
    expect(machine.gauges.eventsQueued).toBe(0)
  },
)

test('the largest packets of gossip are datagrams, with their checksum', () => {
  const machine = started(LARGEST)
  for (let index = 0; index < 200; index++) {
    hear(machine, eventMessage(index, index < 130 ? 470 : 5 + ((index * 7) % 90)))
  }
  const lengths = packetsUntil(machine, 20_000).map(({ length }) => length)
  expect(Math.max(...lengths)).toBeGreaterThan(LARGEST - 100)
  expect(Math.max(...lengths)).toBeLessThanOrEqual(DATAGRAM_BYTES_MAX)
})

// Through others an answer has to leave room for where it goes.
test.each([
  ['straight', 0, 1],
  ['through others too', 150, 4],
])('so are the largest answers, %s', (_, shorter, count) => {
  const machine = started(1_400, 65_000)
  for (let index = 0; index < 3; index++) hear(machine, aliveMessage(`n${index}`, 256 + index))
  const query = encodeSerf({
    type: 'query',
    ltime: 5n,
    id: 7,
    addr: Uint8Array.of(10, 0, 0, 3),
    port: 7_946,
    sourceNode: 'ann',
    filters: [],
    flags: 0,
    relayFactor: 3,
    timeoutNanos: 5_000_000_000n,
    name: 'load',
    payload: new Uint8Array(),
  })
  const asked = hear(machine, encodeMessage({ type: 'user', payload: query }))
  const number = asked.flatMap((effect) => (effect.type === 'query' ? [effect.query] : []))[0]!
  let bytes = 65_000
  while (machine.refusalOf(number, new Uint8Array(bytes), now) !== undefined) bytes--
  const payload = new Uint8Array(bytes - shorter)
  machine.handle({ type: 'respond-query', query: number, payload }, now)
  const lengths = packetsOf(effectsOf(machine)).map(({ length }) => length)
  const large = lengths.filter((length) => length > 64_800)
  expect(large).toHaveLength(count)
  // With room for encryption, 29, and the longest label, 257.
  expect(Math.max(...large)).toBeLessThanOrEqual(DATAGRAM_BYTES_MAX - 29 - 257)
})
