import { beforeEach, expect, test } from 'vitest'
import { addressText, ipToBytes } from '../../../packages/libring/src/base/address.ts'
import { NO_BYTES } from '../../../packages/libring/src/base/bytes.ts'
import { seededRandom } from '../../../packages/libring/src/base/random.ts'
import type { SwimMachine } from '../../../packages/libring/src/swim/swim-machine.ts'
import { encodeMessage } from '../../../packages/libring/src/wire/encode.ts'
import type { NodeState, PushPull, Versions } from '../../../packages/libring/src/wire/messages.ts'
import { openPacket } from '../../../packages/libring/src/wire/packet.ts'
import { loneMachine } from './lone-machine.ts'

// Whoever has news of itself shows itself to everybody it knows of, since gossip reaches somebody
// not at all now and then. No time passes here, so that nothing is gossip.

const versions: Versions = [1, 5, 2, 2, 5, 5]
const meta = Uint8Array.of(0xff, 0x80)
const newMeta = Uint8Array.of(0xff, 0x81)

let machine: SwimMachine

beforeEach(() => {
  machine = loneMachine({ meta, random: seededRandom(1, 'announcements') })
  machine.handle({ type: 'start', advertise: { host: '10.0.1.1', port: 7_946 } }, 0)
  sentTo()
})

/** To whom what was sent of ourselves, and with which meta. */
function sentTo(): Map<string, number> {
  const told = new Map<string, number>()
  for (let effect = machine.poll(); effect !== undefined; effect = machine.poll()) {
    if (effect.type !== 'send') continue
    for (const message of openPacket(effect.bytes).messages) {
      expect(message).toMatchObject({
        type: 'alive',
        node: 'self',
        incarnation: machine.member('self')?.incarnation,
      })
      if (message.type === 'alive') told.set(addressText(effect.to), message.meta[1]!)
    }
  }
  return told
}

function rows(count: number, state: NodeState['state'] = 'alive'): NodeState[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `${state}-${index}`,
    addr: ipToBytes(`10.0.${state === 'alive' ? 2 : 3}.${index}`)!,
    port: 7_946,
    meta,
    incarnation: 1,
    state,
    versions,
  }))
}

/** The answer of the seed to a push/pull of ours. */
function answer(type: 'join' | 'sync', nodes: readonly NodeState[]): void {
  machine.handle({ type, join: 1, seeds: [{ host: '10.0.2.0', port: 7_946 }] }, 0)
  let dial = 0
  for (let effect = machine.poll(); effect !== undefined; effect = machine.poll()) {
    if (effect.type === 'dial') dial = effect.dial
  }
  const message: PushPull = { type: 'push-pull', join: type === 'join', nodes, userState: NO_BYTES }
  machine.handle({ type: 'reply', dial, message }, 0)
}

const places = (count: number) => {
  return new Set(Array.from({ length: count }, (_, index) => `10.0.2.${index}:7946`))
}

test('who has joined shows itself to everybody of whom the seed has told, save the gone', () => {
  answer('join', [...rows(5), ...rows(2, 'left')])
  const told = sentTo()
  expect(new Set(told.keys())).toEqual(places(5))
  expect(new Set(told.values())).toEqual(new Set([meta[1]]))
})

test('who looks whether somebody is missing does not', () => {
  answer('sync', rows(5))
  expect(sentTo().size).toBe(0)
})

test('who has new tags shows them to everybody', () => {
  answer('sync', rows(5))
  sentTo()
  machine.handle({ type: 'meta', meta: newMeta }, 0)
  const told = sentTo()
  expect(new Set(told.keys())).toEqual(places(5))
  expect(new Set(told.values())).toEqual(new Set([newMeta[1]]))
})

test('of a crowd, 64 at random are shown it', () => {
  answer('join', rows(200))
  expect(sentTo().size).toBe(64)
})

test('who leaves says so to everybody', () => {
  answer('sync', rows(3))
  machine.handle({ type: 'leave' }, 0)
  const packets = packetsTo()
  expect(new Set(packets.keys())).toEqual(places(3))
  for (const sent of packets.values()) expect(sent).toEqual([['dead']])
})

test('who has left shows itself to nobody any more', () => {
  answer('sync', rows(3))
  machine.handle({ type: 'leave' }, 0)
  while (machine.poll() !== undefined);
  answer('join', rows(3))
  expect(sentTo().size).toBe(0)
})

test('who is accused answers by gossip alone, so that one packet does not make many', () => {
  answer('sync', rows(5))
  sentTo()
  const accusation = { type: 'suspect', incarnation: 1, node: 'self', from: 'alive-0' } as const
  const from = { host: '10.0.2.0', port: 7_946 }
  machine.handle({ type: 'packet', from, bytes: encodeMessage(accusation) }, 0)
  expect(machine.member('self')?.incarnation).toBe(2)
  expect(sentTo().size).toBe(0)
})

/** What was sent, by receiver: of each packet the payloads and the names of claims in it. */
function packetsTo(): Map<string, string[][]> {
  const packets = new Map<string, string[][]>()
  for (let effect = machine.poll(); effect !== undefined; effect = machine.poll()) {
    if (effect.type !== 'send') continue
    const { messages, faults } = openPacket(effect.bytes)
    expect(faults).toEqual([])
    const texts = messages.map((message) => {
      if (message.type === 'user') return `user ${message.payload.length}`
      return message.type === 'alive' ? message.node : message.type
    })
    const to = addressText(effect.to)
    packets.set(to, [...(packets.get(to) ?? []), texts])
  }
  return packets
}

const announce = (length: number) => {
  machine.handle({ type: 'announce', payload: new Uint8Array(length).fill(7) }, 0)
}

test('what is announced in one step goes out in one packet for each member, in its order', () => {
  answer('sync', rows(3))
  sentTo()
  announce(10)
  machine.handle({ type: 'meta', meta: newMeta }, 0)
  announce(20)
  const packets = packetsTo()
  expect(new Set(packets.keys())).toEqual(places(3))
  for (const sent of packets.values()) expect(sent).toEqual([['user 10', 'self', 'user 20']])
  expect(packetsTo().size).toBe(0)
})

test('what does not fit into one packet goes out in as few as it takes', () => {
  answer('sync', rows(2))
  sentTo()
  for (const length of [600, 700, 100, 2_000, 50]) announce(length)
  for (const sent of packetsTo().values()) {
    expect(sent).toEqual([['user 600', 'user 700'], ['user 100'], ['user 2000'], ['user 50']])
  }
})

test('only who understands checksums gets one, around the same messages', () => {
  const [old, ...others] = rows(4)
  answer('sync', [{ ...old!, versions: [1, 4, 2, 2, 5, 5] }, ...others])
  sentTo()
  announce(10)
  const firstBytes = new Map<string, number>()
  for (let effect = machine.poll(); effect !== undefined; effect = machine.poll()) {
    if (effect.type === 'send') firstBytes.set(addressText(effect.to), effect.bytes[0]!)
  }
  const [user, checksum] = [8, 12]
  expect(firstBytes).toEqual(
    new Map([
      ['10.0.2.0:7946', user],
      ['10.0.2.1:7946', checksum],
      ['10.0.2.2:7946', checksum],
      ['10.0.2.3:7946', checksum],
    ]),
  )
})
