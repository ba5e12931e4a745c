import { beforeEach, describe, expect, test } from 'vitest'
import { ipToBytes } from '../../../packages/libring/src/base/address.ts'
import { NO_BYTES } from '../../../packages/libring/src/base/bytes.ts'
import { seededRandom } from '../../../packages/libring/src/base/random.ts'
import type { SwimEffect } from '../../../packages/libring/src/swim/effects.ts'
import {
  resolveSwimOptions,
  type ResolvedSwimOptions,
} from '../../../packages/libring/src/swim/options.ts'
import type { SwimMachine } from '../../../packages/libring/src/swim/swim-machine.ts'
import { encodeMessage } from '../../../packages/libring/src/wire/encode.ts'
import type { PacketMessage, Versions } from '../../../packages/libring/src/wire/messages.ts'
import { openPacket } from '../../../packages/libring/src/wire/packet.ts'
import { loneMachine } from './lone-machine.ts'

// Goal: a node that did not run for a while accuses nobody for that, and knows that it is unwell.
// Method: a machine whose peers answer every ping at once, and which is given no time for a while.
// What comes to it meanwhile lies unread, as in the buffer of a socket: timers come first.

const options = resolveSwimOptions('lan', { pushPullIntervalMs: 0 })
const talkingLittle = resolveSwimOptions('lan', {
  pushPullIntervalMs: 0,
  gossipIntervalMs: 600_000,
})
const versions: Versions = [1, 5, 2, 2, 5, 5]
const STALL_MS = 60_000
const from = { host: '127.0.0.2', port: 7_946 }

let nowMs: number
let machine: SwimMachine
/** Whom a ping reaches. */
let answering: Set<string>

const alive = (node: string, incarnation = 1): PacketMessage => {
  const addr = ipToBytes('127.0.0.2')!
  return { type: 'alive', node, incarnation, addr, port: 7_946, meta: NO_BYTES, versions }
}

beforeEach(() => begin(options))

function begin(options: ResolvedSwimOptions): void {
  nowMs = 0
  answering = new Set(['ann', 'bob'])
  machine = loneMachine({
    options,
    random: seededRandom(1, 'stalled'),
    ackPayload: Uint8Array.of(7),
  })
  machine.handle({ type: 'start', advertise: { host: '127.0.0.1', port: 7_946 } }, nowMs)
  hear(alive('ann'), alive('bob'))
}

/** Members that others were asked to ping. */
function askedAbout(effects: readonly SwimEffect[]): string[] {
  const messages = effects.flatMap(messagesOf)
  return messages.flatMap((message) => (message.type === 'indirect-ping' ? [message.node] : []))
}

function messagesOf(effect: SwimEffect): readonly PacketMessage[] {
  return effect.type === 'send' ? openPacket(effect.bytes).messages : []
}

function hear(...messages: PacketMessage[]): void {
  for (const message of messages) {
    machine.handle({ type: 'packet', from, bytes: encodeMessage(message) }, nowMs)
  }
}

/** What the machine asks for, and the acks that it is sent in turn. */
function drain(): { effects: SwimEffect[]; acks: PacketMessage[] } {
  const effects: SwimEffect[] = []
  const acks: PacketMessage[] = []
  for (let effect = machine.poll(); effect !== undefined; effect = machine.poll()) {
    effects.push(effect)
    if (effect.type !== 'send') continue
    for (const message of openPacket(effect.bytes).messages) {
      if (message.type !== 'ping' || !answering.has(message.node)) continue
      acks.push({ type: 'ack', seq: message.seq, payload: Uint8Array.of(9) })
    }
  }
  return { effects, acks }
}

/** Let time pass in order, every ping answered at once by whoever answers. */
function run(ms: number): SwimEffect[] {
  const all: SwimEffect[] = []
  const endMs = nowMs + ms
  for (let dueMs = machine.deadlineMs(); dueMs !== undefined && dueMs <= endMs;) {
    nowMs = Math.max(nowMs, dueMs)
    machine.tick(nowMs)
    const { effects, acks } = drain()
    hear(...acks)
    all.push(...effects, ...drain().effects)
    dueMs = machine.deadlineMs()
  }
  nowMs = endMs
  return all
}

/** Let time pass until a ping is on its way, and give its answer back, unread. */
function runUntilPing(): PacketMessage[] {
  for (let step = 0; step < 1_000; step++) {
    nowMs = Math.max(nowMs, machine.deadlineMs()!)
    machine.tick(nowMs)
    const { acks } = drain()
    if (acks.length > 0) return acks
  }
  throw new Error('nobody is pinged')
}

function runUntilPinged(name: string): void {
  for (let step = 0; step < 1_000; step++) {
    const pinged = run(Math.max(0, machine.deadlineMs()! - nowMs)).flatMap(messagesOf)
    if (pinged.some((message) => message.type === 'ping' && message.node === name)) return
  }
  throw new Error(`${name} is not pinged`)
}

const statusOf = (name: string) => machine.member(name)?.state

describe('a node that did not run for a minute', () => {
  test('gives a member that it had pinged the time to answer that it had left', () => {
    const acks = runUntilPing()
    nowMs += STALL_MS
    machine.tick(nowMs)
    expect([statusOf('ann'), statusOf('bob')]).toEqual(['alive', 'alive'])
    drain()
    hear(...acks)
    run(30_000)
    expect([statusOf('ann'), statusOf('bob')]).toEqual(['alive', 'alive'])
    expect(machine.stats.probesFailed).toBe(0)
  })

  test('does so each time, when that happens again before the answer was read', () => {
    begin(talkingLittle)
    const acks = runUntilPing()
    for (let stall = 0; stall < 3; stall++) {
      nowMs += STALL_MS
      machine.tick(nowMs)
      drain()
    }
    hear(...acks)
    expect(machine.stats).toMatchObject({ stalls: 3, probesFailed: 0 })
    expect([statusOf('ann'), statusOf('bob')]).toEqual(['alive', 'alive'])
    expect(machine.awareness).toBeLessThanOrEqual(1)
  })

  test('does so however seldom it gossips', () => {
    begin(talkingLittle)
    const acks = runUntilPing()
    nowMs += STALL_MS
    machine.tick(nowMs)
    drain()
    hear(...acks)
    run(30_000)
    expect([statusOf('ann'), statusOf('bob')]).toEqual(['alive', 'alive'])
    expect([machine.stats.probesFailed, machine.stats.stalls]).toEqual([0, 1])
  })

  test('takes the round trip of that answer for no measure of the way', () => {
    const acks = runUntilPing()
    nowMs += STALL_MS
    machine.tick(nowMs)
    drain()
    hear(...acks)
    expect(drain().effects.filter(({ type }) => type === 'pinged')).toEqual([])
    expect(run(5_000).some(({ type }) => type === 'pinged')).toBe(true)
  })

  test('gives a suspect the time to refute that it had left', () => {
    hear({ type: 'suspect', incarnation: 1, node: 'ann', from: 'bob' })
    nowMs += STALL_MS
    machine.tick(nowMs)
    expect(statusOf('ann')).toBe('suspect')
    hear(alive('ann', 2))
    run(30_000)
    expect(statusOf('ann')).toBe('alive')
  })

  test('does so each time, when that happens again before the suspect was heard', () => {
    hear({ type: 'suspect', incarnation: 1, node: 'ann', from: 'bob' })
    answering.delete('ann')
    for (let stall = 0; stall < 3; stall++) {
      nowMs += STALL_MS
      machine.tick(nowMs)
      run(500)
    }
    expect(statusOf('ann')).toBe('suspect')
    hear(alive('ann', 2))
    run(1_000)
    expect(statusOf('ann')).toBe('alive')
  })

  test('does so also where its time would have been over before anything else was due', () => {
    begin(talkingLittle)
    hear({ type: 'suspect', incarnation: 1, node: 'ann', from: 'bob' })
    answering.delete('ann')
    run(3_999)
    nowMs += STALL_MS
    machine.tick(nowMs)
    expect(statusOf('ann')).toBe('suspect')
    hear(alive('ann', 2))
    expect(statusOf('ann')).toBe('alive')
  })

  test('declares a suspect dead after that time, and no later', () => {
    hear({ type: 'suspect', incarnation: 1, node: 'ann', from: 'bob' })
    answering.delete('ann')
    run(1_000)
    nowMs += STALL_MS
    machine.tick(nowMs)
    // Four seconds for three members, of which one was over.
    run(2_500)
    expect(statusOf('ann')).toBe('suspect')
    run(1_000)
    expect(statusOf('ann')).toBe('dead')
  })

  test('counts it, and is less sure of itself until it has been heard again', () => {
    run(5_000)
    expect([machine.awareness, machine.stats.stalls]).toEqual([0, 0])
    nowMs += STALL_MS
    machine.tick(nowMs)
    expect([machine.awareness, machine.stats.stalls]).toEqual([1, 1])
    run(5_000)
    expect([machine.awareness, machine.stats.stalls]).toEqual([0, 1])
  })

  test('is not held up for ever by being late again and again', () => {
    hear({ type: 'suspect', incarnation: 1, node: 'ann', from: 'bob' })
    answering.clear()
    for (let turn = 0; turn < 20 && statusOf('ann') !== 'dead'; turn++) {
      nowMs = Math.max(nowMs, machine.deadlineMs()!) + 2_000
      machine.tick(nowMs)
      drain()
    }
    expect(statusOf('ann')).toBe('dead')
  })

  test('that is late all the time, yet answered, is not taken for ever less well', () => {
    let worst = 0
    for (let turn = 0; turn < 100; turn++) {
      nowMs = Math.max(nowMs, machine.deadlineMs()!) + options.probeTimeoutMs + 100
      machine.tick(nowMs)
      hear(...drain().acks)
      drain()
      worst = Math.max(worst, machine.awareness)
    }
    expect(machine.stats.stalls).toBeGreaterThan(20)
    expect(worst).toBeGreaterThan(0)
    expect(worst).toBeLessThanOrEqual(2)
  })

  test('is as much aware of it where a packet is read first', () => {
    hear({ type: 'suspect', incarnation: 1, node: 'ann', from: 'bob' })
    nowMs += STALL_MS
    hear(alive('bob'))
    machine.tick(nowMs)
    expect([statusOf('ann'), machine.stats.stalls]).toEqual(['suspect', 1])
  })
})

test('a stall too short to count keeps nobody from being asked about who did not answer', () => {
  begin(resolveSwimOptions('wan', { pushPullIntervalMs: 0 }))
  answering.delete('ann')
  runUntilPinged('ann')
  run(2_700)
  nowMs += 2_700
  machine.tick(nowMs)
  expect(machine.stats.stalls).toBe(0)
  expect(askedAbout(drain().effects)).toEqual(['ann'])
  expect(statusOf('ann')).toBe('alive')
  run(1_900)
  expect(statusOf('ann')).toBe('alive')
  run(200)
  expect(statusOf('ann')).toBe('suspect')
})
