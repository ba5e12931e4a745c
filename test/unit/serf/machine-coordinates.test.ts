import { describe, expect, test } from 'vitest'
import { ipToBytes } from '../../../packages/libring/src/base/address.ts'
import type { Coordinate } from '../../../packages/libring/src/serf/coordinate.ts'
import { encodePingPayload } from '../../../packages/libring/src/serf/ping-payload.ts'
import type { SerfMachine } from '../../../packages/libring/src/serf/serf-machine.ts'
import { encodeMessage } from '../../../packages/libring/src/wire/encode.ts'
import type { Ack, Ping } from '../../../packages/libring/src/wire/messages.ts'
import { openPacket } from '../../../packages/libring/src/wire/packet.ts'
import { coordinate } from '../../support/coordinates.ts'
import { newMachine, World, type NodeSetup } from './world.ts'

const ANN = { host: '127.0.0.2', port: 7_946 }

test('members that probe each other know how far they are from each other', () => {
  const world = new World()
  const ann = world.start('ann')
  for (const name of ['bob', 'cat']) {
    world.start(name)
    world.join(name, 'ann')
  }
  expect(ann.coordinates?.of('bob')).toBeUndefined()
  expect(ann.coordinates?.rttMs('bob', 'cat')).toBeUndefined()
  expect(ann.coordinates?.of('ann')).toBeDefined()
  world.run(10_000)
  expect(ann.coordinates?.of('bob')?.vec).toHaveLength(8)
  // Packets take no time here.
  expect(ann.coordinates?.rttMs('bob', 'cat')).toBeLessThan(1)
  expect(ann.coordinates?.rttMs('ann', 'cat')).toBe(ann.coordinates?.rttMs('cat', 'ann'))
  expect(ann.stats.coordinatesRefused).toBe(0)
})

test('a member that is forgotten takes its coordinate along', () => {
  const world = new World()
  const ann = world.start('ann')
  world.start('bob')
  world.join('bob', 'ann')
  world.run(10_000)
  expect(ann.coordinates?.of('bob')).toBeDefined()
  world.kill('bob')
  world.run(30_000)
  expect(ann.coordinates?.of('bob')).toBeDefined()
  world.feed('ann', { type: 'force-leave', name: 'bob', prune: true })
  world.run(30_000)
  expect(ann.member('bob')).toBeUndefined()
  expect(ann.coordinates?.of('bob')).toBeUndefined()
})

/** A node that knows one other, ann, who speaks only when it is asked to. */
class Talk {
  readonly machine: SerfMachine
  #nowMs = 0

  constructor(setup: NodeSetup = {}) {
    this.machine = newMachine('self', { ...setup, swim: { pushPullIntervalMs: 0 } })
    this.machine.handle({ type: 'start', advertise: { host: '127.0.0.1', port: 7_946 } }, 0)
    this.hear({
      type: 'alive',
      node: 'ann',
      incarnation: 1,
      addr: ipToBytes(ANN.host)!,
      port: ANN.port,
      meta: Uint8Array.of(0xff, 0x80),
      versions: [1, 5, 2, 2, 5, 5],
    })
  }

  hear(message: Parameters<typeof encodeMessage>[0]): void {
    const bytes = encodeMessage(message)
    this.machine.handle({ type: 'packet', from: ANN, bytes }, this.#nowMs)
  }

  /** Answer the next ping `afterMs` after it was sent. */
  answerPing(payload: Uint8Array, afterMs = 20): void {
    for (;;) {
      const ping = this.#sent<Ping>('ping')
      if (ping === undefined) {
        this.#nowMs = this.machine.deadlineMs()!
        this.machine.tick(this.#nowMs)
        continue
      }
      this.#nowMs += afterMs
      this.hear({ type: 'ack', seq: ping.seq, payload })
      return
    }
  }

  /** What it answers when it is pinged. */
  ping(): Ack {
    const replyTo = { addr: ipToBytes('127.0.0.2')!, port: 7946, node: 'ann' }
    this.hear({ type: 'ping', seq: 9, node: 'self', replyTo })
    return this.#sent<Ack>('ack')!
  }

  #sent<Message extends Ping | Ack>(type: Message['type']): Message | undefined {
    for (let effect = this.machine.poll(); effect !== undefined; effect = this.machine.poll()) {
      if (effect.type !== 'send') continue
      const found = openPacket(effect.bytes).messages.find((message) => message.type === type)
      if (found !== undefined) return found as Message
    }
    return undefined
  }
}

describe('what comes in an ack', () => {
  test('is taken in, and answered with what it led to', () => {
    const talk = new Talk()
    const before = talk.ping().payload
    expect(before).toHaveLength(130)
    talk.answerPing(encodePingPayload(coordinate()))
    expect(talk.machine.coordinates?.of('ann')).toEqual(coordinate())
    const own = talk.machine.coordinates?.of('self')
    expect(own).toBeDefined()
    expect(talk.ping().payload).toEqual(encodePingPayload(own ?? coordinate()))
    expect(talk.ping().payload).not.toEqual(before)
  })

  test.each<[string, Coordinate]>([
    ['what is no number', coordinate({ height: Number.NaN })],
    ['what is without end', coordinate({ adjustment: Number.NEGATIVE_INFINITY })],
    ['another dimension', coordinate({ vec: [1, 2, 3] })],
  ])('is dropped and counted: %s', (_what, forged) => {
    const talk = new Talk()
    const before = talk.machine.coordinates?.of('self')
    talk.answerPing(encodePingPayload(forged))
    talk.answerPing(encodePingPayload(forged))
    expect(talk.machine.coordinates?.of('ann')).toBeUndefined()
    expect(talk.machine.coordinates?.of('self')).toBe(before)
    expect(talk.machine.stats.coordinatesRefused).toBe(2)
    expect(talk.machine.stats.swim.probesFailed).toBe(0)
  })

  test('is dropped and counted when it is no coordinate at all', () => {
    const talk = new Talk()
    talk.answerPing(Uint8Array.of(2))
    talk.answerPing(Uint8Array.of(1, 0xc1))
    expect(talk.machine.coordinates?.of('ann')).toBeUndefined()
    expect(talk.machine.stats.faults).toMatchObject({ 'unknown-type': 1, malformed: 1 })
  })
})

describe('an answer tells how far a member is', () => {
  const payload = encodePingPayload(coordinate())
  /** The probe timeout of the local profile. */
  const TIMEOUT_MS = 200

  function distanceAfter(rttMs: number): number | undefined {
    const talk = new Talk()
    for (let round = 0; round < 100; round++) talk.answerPing(payload, rttMs)
    return talk.machine.coordinates?.rttMs('self', 'ann')
  }

  test('by the time it took', () => {
    expect(distanceAfter(20)).toBeCloseTo(20, -1)
    expect(distanceAfter(TIMEOUT_MS - 1)).toBeCloseTo(TIMEOUT_MS - 1, -1)
  })

  test('but not when it came late: others had been asked, or should have been', () => {
    expect(distanceAfter(TIMEOUT_MS)).toBeUndefined()
    expect(distanceAfter(TIMEOUT_MS + 100)).toBeUndefined()
  })

  test('and not when nothing came in it', () => {
    const talk = new Talk()
    talk.answerPing(new Uint8Array(0))
    expect(talk.machine.coordinates?.of('ann')).toBeUndefined()
    expect(talk.machine.stats.faults.empty).toBe(0)
  })
})

test('without coordinates none is sent, and none taken in', () => {
  const talk = new Talk({ coordinates: false })
  expect(talk.ping().payload).toHaveLength(0)
  talk.answerPing(encodePingPayload(coordinate()))
  expect(talk.machine.coordinates?.of('self')).toBeUndefined()
  expect(talk.machine.coordinates?.of('ann')).toBeUndefined()
  expect(talk.machine.coordinates?.rttMs('self', 'ann')).toBeUndefined()
})
