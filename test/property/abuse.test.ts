import { beforeEach, describe, expect, test } from 'vitest'
import { ipToBytes } from '../../packages/libring/src/base/address.ts'
import { concatBytes, NO_BYTES } from '../../packages/libring/src/base/bytes.ts'
import type { SerfEffect } from '../../packages/libring/src/serf/effects.ts'
import { LTIME_LAST } from '../../packages/libring/src/serf/lamport.ts'
import { encodeSerf } from '../../packages/libring/src/serf/message-codec.ts'
import type { SerfMessage } from '../../packages/libring/src/serf/messages.ts'
import { encodeFilters } from '../../packages/libring/src/serf/query-filters.ts'
import { encodeCompound } from '../../packages/libring/src/wire/compound.ts'
import { wrapCompressed } from '../../packages/libring/src/wire/compress.ts'
import { encodeMessage } from '../../packages/libring/src/wire/encode.ts'
import type { Ping } from '../../packages/libring/src/wire/messages.ts'
import {
  PACKET_INFLATED_BYTES_MAX,
  PACKET_YIELD_MAX,
} from '../../packages/libring/src/wire/packet.ts'
import { StreamDecoder } from '../../packages/libring/src/wire/stream.ts'
import { meter, noWork, startMeter, STEPS_PER_INSTRUCTION, type Work } from '../fuzz/work.ts'
import { aliveOf, LoneNode, place } from '../unit/serf/lone-node.ts'
import { queryOf } from '../unit/serf/query-builders.ts'

// What somebody inside the cluster tries, each with what it may cost: no clock has a part in it.

let node: LoneNode

beforeEach(() => {
  startMeter()
  node = new LoneNode()
})

interface Spent extends Work {
  readonly asked: readonly SerfEffect[]
}

/** What the node does about one packet, and what it cost. */
function spendOn(bytes: Uint8Array): Spent {
  meter.work = noWork()
  node.packet(bytes)
  const asked = node.effects()
  return { ...meter.work, asked }
}

const user = (message: SerfMessage): Uint8Array => {
  return encodeMessage({ type: 'user', payload: encodeSerf(message) })
}
const faults = () => node.machine.stats.swim.faults
const sends = ({ asked }: Spent) => asked.flatMap((one) => (one.type === 'send' ? [one] : []))

describe('decompression bombs', () => {
  test.each([
    ['one', wrapCompressed(new Uint8Array(4_000_000))],
    ['one within the other', wrapCompressed(wrapCompressed(new Uint8Array(60_000_000)))],
    [
      'many side by side',
      encodeCompound(Array.from({ length: 150 }, () => wrapCompressed(new Uint8Array(60_000)))),
    ],
  ])('%s in a packet: dropped, and nothing of it is read', (_, bomb) => {
    expect(bomb.length).toBeLessThan(65_507)
    const { reads, inflatedBytes, asked } = spendOn(bomb)
    expect(asked).toEqual([])
    expect(faults()['too-large']).toBeGreaterThan(0)
    expect(reads).toBeLessThan(5_000)
    expect(inflatedBytes).toBeGreaterThan(0)
    expect(inflatedBytes).toBeLessThanOrEqual(PACKET_INFLATED_BYTES_MAX)
  })

  test('in a stream: a fault', () => {
    const bomb = wrapCompressed(new Uint8Array(42_000_000))
    expect(new StreamDecoder('dialling').push(bomb)).toEqual({
      status: 'fault',
      fault: 'too-large',
    })
  })
})

describe('nesting', () => {
  test('of packets: dropped at the fifth wrapper', () => {
    let packet = encodeMessage({ type: 'user', payload: NO_BYTES })
    for (let depth = 0; depth < 40; depth++) packet = encodeCompound([packet])
    expect(spendOn(packet).reads).toBeLessThan(100)
    expect(faults()['too-deep']).toBe(1)
  })

  test('of packets, wide at every depth: no more comes out than the limit', () => {
    let packet = Uint8Array.of(200)
    for (let depth = 0; depth < 3; depth++) {
      packet = encodeCompound(Array.from({ length: 36 }, () => packet)) as Uint8Array<ArrayBuffer>
    }
    spendOn(packet.subarray(0, 65_507))
    const counted = Object.values(faults()).reduce((sum, count) => sum + count, 0)
    expect(counted).toBeGreaterThan(0)
    expect(counted).toBeLessThanOrEqual(PACKET_YIELD_MAX)
  })

  test('of values in a field that nobody knows: read once, without recursion', () => {
    const deep = new Uint8Array(60_000).fill(0x91)
    const join = concatBytes([Uint8Array.of(8, 1, 0x81, 0xa1, 0x78), deep, Uint8Array.of(0xc0)])
    expect(spendOn(join).reads).toBeLessThan(4 * deep.length)
  })

  test('of relays: nothing is passed on', () => {
    const addr = ipToBytes(place(2).host)!
    let inner = encodeSerf(queryOf())
    for (let depth = 0; depth < 20; depth++) {
      inner = encodeSerf({ type: 'relay', addr, port: 7946, zone: '', node: 'ann', inner })
    }
    const spent = spendOn(encodeMessage({ type: 'user', payload: inner }))
    expect(spent.asked).toEqual([])
    expect(node.machine.stats.relaysRefused).toBe(1)
  })
})

describe('huge counts', () => {
  test.each([
    ['pairs in a struct', [8, 1, 0xdf, 0xff, 0xff, 0xff, 0xff]],
    ['bytes in a name', [8, 1, 0x81, 0xa4, 0x4e, 0x6f, 0x64, 0x65, 0xdb, 0xff, 0xff, 0xff, 0xff]],
    ['parts in a compound', [7, 0xff, 0xff, 0xff]],
    [
      'names in a filter',
      [8, 4, 0x81, 0xa7, ...new TextEncoder().encode('Filters'), 0xdd, 0xff, 0xff, 0xff, 0xff],
    ],
  ])('of %s that are not there: a fault after a few reads', (_, bytes) => {
    const { reads, asked } = spendOn(Uint8Array.from(bytes))
    expect(asked).toEqual([])
    expect(reads).toBeLessThan(600)
    const { faults: inner } = node.machine.stats
    const counted = [faults(), inner].flatMap((all) => Object.values(all))
    expect(counted.reduce((sum, count) => sum + count, 0)).toBe(1)
  })

  test('of members in a push/pull that are not there: a fault, or a wait for bytes', () => {
    const nodes = (count: number[]) => {
      const header = [6, 0x83, 0xa5, ...new TextEncoder().encode('Nodes'), 0xce, ...count]
      const rest = [0xac, ...new TextEncoder().encode('UserStateLen'), 0, 0xa4]
      return Uint8Array.from([...header, ...rest, ...new TextEncoder().encode('Join'), 0xc2])
    }
    const push = (bytes: Uint8Array) => new StreamDecoder('dialling').push(bytes)
    const tooMany = { status: 'fault', fault: 'too-large' }
    expect(push(nodes([0xff, 0xff, 0xff, 0xff]))).toEqual(tooMany)
    expect(push(nodes([0, 1, 0, 0]))).toEqual({ status: 'more' })
  })

  test('of filters: what matching them may take at once is bounded', () => {
    const [filter] = encodeFilters({ tags: { role: '(a|b|c{1,900})*x?' } })
    const filters = Array.from({ length: 200 }, () => filter!)
    let steps = 0
    for (let id = 0; id < 50; id++) steps += spendOn(user(queryOf({ id, filters }))).patternSteps
    expect(steps).toBeGreaterThan(0)
    expect(steps).toBeLessThanOrEqual(STEPS_PER_INSTRUCTION * 2_000_000)
    expect(node.machine.stats.filtersRefused).toBeGreaterThan(0)
  })
})

describe('forged clocks and incarnations near their limits', () => {
  test('clocks: who is said to leave at the end of time is back as soon as it says so', () => {
    spendOn(user({ type: 'leave', ltime: LTIME_LAST, node: 'ann', prune: false }))
    expect(node.machine.member('ann')?.status).toBe('leaving')
    spendOn(user({ type: 'join', ltime: LTIME_LAST, node: 'ann' }))
    expect(node.machine.member('ann')?.status).toBe('alive')
  })

  test('incarnations: no death that is forged outlasts its refutation', () => {
    const forged = 0xffff_0000
    spendOn(encodeMessage({ type: 'dead', incarnation: forged, node: 'ann', from: 'bob' }))
    expect(node.machine.member('ann')?.status).toBe('failed')
    spendOn(encodeMessage(aliveOf('ann', 2, {}, forged + 1)))
    expect(node.machine.member('ann')?.status).toBe('alive')
    for (const incarnation of [forged + 2, 0xffff_ffff]) {
      spendOn(encodeMessage({ type: 'dead', incarnation, node: 'ann', from: 'ann' }))
    }
    expect(node.machine.member('ann')?.status).toBe('alive')
  })
})

describe('reflection', () => {
  const victim = ipToBytes('192.0.2.1')!

  test('a ping that names somebody else as its sender brings it less than was sent here', () => {
    const replyTo = { addr: victim, port: 9, node: '' }
    const ping: Ping = { type: 'ping', seq: 7, node: 'self', replyTo }
    const bytes = encodeMessage(ping)
    const sent = sends(spendOn(bytes))
    expect(sent.map(({ to }) => to.host)).toEqual(['192.0.2.1'])
    expect(sent[0]!.bytes.length).toBeLessThan(bytes.length)
  })

  test('of a packet full of pings two are answered, by fewer bytes each', () => {
    for (let last = 3; last < 40; last++) node.meet(`n${last}`, last)
    const ping = encodeMessage({ type: 'ping', seq: 7, node: '', replyTo: undefined })
    const packet = encodeCompound(Array.from({ length: 255 }, () => ping))
    node.packet(packet, 99)
    const acks = sends({ ...noWork(), asked: node.effects() })
    expect(acks.map(({ to }) => to.host)).toEqual([place(99).host, place(99).host])
    for (const { bytes } of acks) expect(bytes.length).toBeLessThan(2 * ping.length)
    expect(faults()['too-large']).toBe(253)
  })

  test('indirect pings bring neither target nor asker more than was sent here', () => {
    for (let last = 3; last < 40; last++) node.meet(`n${last}`, last)
    const replyTo = { addr: victim, port: 9, node: 'y' }
    const ask = { type: 'indirect-ping', target: victim, port: 9, node: 'x', nack: true } as const
    const requests = Array.from({ length: 50 }, (_, seq) => encodeMessage({ ...ask, seq, replyTo }))
    const pings = requests.flatMap((request) => sends(spendOn(request)))
    const nacks = node.wait(2_000).filter((effect) => effect.type === 'send')
    const out = [...pings, ...nacks].filter(({ to }) => to.host === '192.0.2.1')
    expect(out).toHaveLength(100)
    const bytes = (all: readonly Uint8Array[]) => all.reduce((sum, { length }) => sum + length, 0)
    expect(bytes(out.map((one) => one.bytes))).toBeLessThan(bytes(requests))
  })

  test('queries that name somebody else as their asker are answered there a few times', () => {
    for (const last of [3, 4, 5]) node.meet(`n${last}`, last)
    const ask = (id: number) => user(queryOf({ id, addr: victim, flags: 1, relayFactor: 255 }))
    const sent = Array.from({ length: 300 }, (_, id) => sends(spendOn(ask(id)))).flat()
    expect(sent).toHaveLength(16)
  })
})

describe('relay abuse', () => {
  test('indirect pings leave one ping each, and a bounded number under way', () => {
    const target = ipToBytes('192.0.2.1')!
    const ask = (seq: number) => {
      return encodeMessage({
        type: 'indirect-ping',
        seq,
        target,
        port: 9,
        node: 'x',
        nack: true,
        replyTo: undefined,
      })
    }
    const sent = Array.from({ length: 5_000 }, (_, seq) => sends(spendOn(ask(seq)))).flat()
    const refused = node.machine.stats.swim.relaysRefused
    expect(refused).toBeGreaterThan(0)
    expect(sent).toHaveLength(5_000 - refused)
  })

  test('relays to who is no member are not passed on, to members a bounded number in a second', () => {
    const inner = encodeSerf({
      type: 'query-response',
      ltime: 1n,
      id: 1,
      from: 'x',
      flags: 0,
      payload: NO_BYTES,
    })
    const relay = (addr: Uint8Array, name: string) => {
      return user({ type: 'relay', addr, port: 7946, zone: '', node: name, inner })
    }
    expect(sends(spendOn(relay(ipToBytes('192.0.2.1')!, 'ann')))).toEqual([])
    const toAnn = relay(ipToBytes(place(2).host)!, 'ann')
    const sent = Array.from({ length: 2_000 }, () => sends(spendOn(toAnn))).flat()
    expect(sent).toHaveLength(1_024)
  })
})
