import { beforeEach, describe, expect, test } from 'vitest'
import { addressText, ipToBytes, type Address } from '../../../packages/libring/src/base/address.ts'
import { NO_BYTES } from '../../../packages/libring/src/base/bytes.ts'
import { seededRandom } from '../../../packages/libring/src/base/random.ts'
import type { SwimEffect } from '../../../packages/libring/src/swim/effects.ts'
import { resolveSwimOptions, type SwimOptions } from '../../../packages/libring/src/swim/options.ts'
import { RELAYS_MAX } from '../../../packages/libring/src/swim/relays.ts'
import { SwimMachine } from '../../../packages/libring/src/swim/swim-machine.ts'
import { encodeCompound } from '../../../packages/libring/src/wire/compound.ts'
import { encodeMessage } from '../../../packages/libring/src/wire/encode.ts'
import type {
  NodeState,
  PacketMessage,
  PushPull,
  StreamMessage,
  Versions,
} from '../../../packages/libring/src/wire/messages.ts'
import { openPacket } from '../../../packages/libring/src/wire/packet.ts'
import { StreamDecoder } from '../../../packages/libring/src/wire/stream.ts'

const versions: Versions = [1, 5, 2, 2, 5, 5]
const meta = Uint8Array.of(0xff, 0x80)
const host = (last: number): Address => ({ host: `127.0.0.${last}`, port: 7946 })
const stateOf = (name: string, last: number, overrides: Partial<NodeState> = {}): NodeState => ({
  name,
  addr: ipToBytes(host(last).host)!,
  port: 7946,
  meta,
  incarnation: 1,
  state: 'alive',
  versions,
  ...overrides,
})
const aliveOf = (name: string, last: number, incarnation = 1): PacketMessage => ({
  type: 'alive',
  node: name,
  incarnation,
  addr: ipToBytes(host(last).host)!,
  port: 7946,
  meta,
  versions,
})
const pushPull = (nodes: readonly NodeState[], join = true, userState = NO_BYTES): PushPull => {
  return { type: 'push-pull', join, nodes, userState }
}

const userState = Uint8Array.of(9, 9)
const ackPayload = Uint8Array.of(1, 2, 3)
const takePayloads = () => payloads.splice(0)
let payloads: Uint8Array[]
let machine: SwimMachine
let now: number

beforeEach(() => {
  payloads = []
  now = 0
  machine = newMachine()
})

function drain(): SwimEffect[] {
  const effects: SwimEffect[] = []
  for (let effect = machine.poll(); effect !== undefined; effect = machine.poll()) {
    effects.push(effect)
  }
  return effects
}

function of<Type extends SwimEffect['type']>(effects: readonly SwimEffect[], type: Type) {
  return effects.filter((effect): effect is Extract<SwimEffect, { type: Type }> => {
    return effect.type === type
  })
}

/** What was sent, as `to message, message`. */
function sent(effects: readonly SwimEffect[]): { to: string; messages: PacketMessage[] }[] {
  return of(effects, 'send').map(({ to, bytes }) => {
    const { messages, faults } = openPacket(bytes)
    expect(faults).toEqual([])
    return { to: addressText(to), messages: [...messages] }
  })
}

function hear(from: Address, ...messages: PacketMessage[]): SwimEffect[] {
  for (const message of messages) {
    machine.handle({ type: 'packet', from, bytes: encodeMessage(message) }, now)
  }
  return drain()
}

/** Let time pass, tick by tick, and collect what the machine does. */
function wait(durationMs: number): SwimEffect[] {
  const effects: SwimEffect[] = []
  const endMs = now + durationMs
  for (let next = machine.deadlineMs(); next !== undefined && next <= endMs;) {
    now = Math.max(now, next)
    machine.tick(now)
    effects.push(...drain())
    next = machine.deadlineMs()
  }
  now = endMs
  return effects
}

function streamMessage(bytes: Uint8Array): StreamMessage {
  const result = new StreamDecoder('dialling').push(bytes)
  if (result.status !== 'message') throw new Error(`no message in the stream: ${result.status}`)
  return result.message
}

const waitFor = (type: PacketMessage['type'], withinMs = 20_000) => {
  for (let waited = 0; waited < withinMs; waited += 10) {
    const effects = wait(10)
    const found = sent(effects).filter(({ messages }) => messages.some((m) => m.type === type))
    if (found.length > 0) return { found, effects }
  }
  throw new Error(`no ${type} was sent within ${withinMs} ms`)
}

describe('asked by others', () => {
  const placeOf = (node: string, last: number) => {
    return { addr: Uint8Array.of(127, 0, 0, last), port: 7946, node }
  }

  test('a ping for another name is ignored, one for anybody answered', () => {
    expect(hear(host(2), { type: 'ping', seq: 5, node: 'other', replyTo: undefined })).toEqual([])
    expect(hear(host(2), { type: 'ping', seq: 5, node: '', replyTo: undefined })).toHaveLength(1)
  })

  test.each([
    ['who pings gets the bare ack, and a member gossip with it', 2, ['ack', 'alive', 'alive']],
    ['a third party named by a ping gets the bare ack, a member all of it but gossip', 3, ['ack']],
  ] as const)('%s', (_, last, types) => {
    const ack = (payload: Uint8Array) => ({ type: 'ack', seq: 5, payload })
    const to = `127.0.0.${last}:7946`
    const ping = { type: 'ping', seq: 5, node: 'self', replyTo: placeOf('ann', last) } as const
    expect(sent(hear(host(2), ping))).toEqual([{ to, messages: [ack(NO_BYTES)] }])
    hear(host(last), aliveOf('ann', last))
    const [reply] = sent(hear(host(2), ping))
    expect([reply!.to, reply!.messages[0]]).toEqual([to, ack(ackPayload)])
    expect(reply!.messages.map(({ type }) => type)).toEqual(types)
  })

  const request = (seq: number): PacketMessage => ({
    type: 'indirect-ping',
    seq,
    target: Uint8Array.of(127, 0, 0, 9),
    port: 0,
    node: 'ill',
    nack: true,
    replyTo: placeOf('bob', 2),
  })

  test('an indirect ping is made, and the ack goes back under the number of who asked', () => {
    const [ping] = sent(hear(host(2), request(77)))
    expect(ping).toMatchObject({
      to: '127.0.0.9:7946',
      messages: [{ type: 'ping', node: 'ill' }],
    })
    const { seq } = ping!.messages[0] as { seq: number }
    const [ack] = sent(hear(host(9), { type: 'ack', seq, payload: Uint8Array.of(1) }))
    expect(ack?.to).toBe('127.0.0.2:7946')
    expect(ack?.messages[0]).toEqual({ type: 'ack', seq: 77, payload: NO_BYTES })
    expect(sent(wait(600)).flatMap(({ messages }) => messages)).not.toContainEqual({
      type: 'nack',
      seq: 77,
    })
  })

  test('silence is told by a nack, and a late ack is not passed on', () => {
    const [ping] = sent(hear(host(2), request(77)))
    const { seq } = ping!.messages[0] as { seq: number }
    const { found } = waitFor('nack')
    expect(found[0]).toMatchObject({ to: '127.0.0.2:7946' })
    expect(found[0]?.messages[0]).toEqual({ type: 'nack', seq: 77 })
    expect(hear(host(9), { type: 'ack', seq, payload: NO_BYTES })).toEqual([])
  })

  test('indirect pings under way are bounded', () => {
    for (let seq = 0; seq < RELAYS_MAX + 3; seq++) hear(host(2), request(seq))
    expect(machine.stats.relaysRefused).toBe(3)
    wait(600)
    expect(hear(host(2), request(1))).toHaveLength(1)
  })

  test('a ping over a stream is answered, one for another name is hung up on', () => {
    const ask = (node: string) => {
      const message = { type: 'ping', seq: 3, node, replyTo: undefined } as const
      machine.handle({ type: 'request', connection: 4, message }, now)
      return of(drain(), 'respond')
    }
    const [answer] = ask('self')
    expect(answer?.connection).toBe(4)
    expect(streamMessage(answer!.bytes!)).toEqual({ type: 'ack', seq: 3, payload: NO_BYTES })
    expect(ask('other')).toEqual([{ type: 'respond', connection: 4, bytes: undefined }])
  })
})

describe('probing', () => {
  /** The next ping to a member that we let go unanswered. */
  function unanswered(): { name: string; seq: number; to: string } {
    const { found } = waitFor('ping')
    const [first] = found
    const ping = first!.messages.find(({ type }) => type === 'ping') as {
      node: string
      seq: number
    }
    return { name: ping.node, seq: ping.seq, to: first!.to }
  }

  test('an ack in time leaves a member alone', () => {
    machine = newQuietMachine()
    hear(host(2), aliveOf('ann', 2))
    for (let round = 0; round < 3; round++) {
      const { seq, to } = unanswered()
      expect(to).toBe('127.0.0.2:7946')
      hear(host(2), { type: 'ack', seq, payload: NO_BYTES })
    }
    expect(machine.stats).toMatchObject({ probes: 3, probesFailed: 0 })
    expect(machine.member('ann')?.state).toBe('alive')
  })

  test('after the probe timeout others are asked, and a stream is tried', () => {
    machine = newQuietMachine()
    for (const [name, last] of Object.entries({ ann: 2, bob: 3, cat: 4 })) {
      hear(host(last), aliveOf(name, last))
    }
    const { name, seq } = unanswered()
    const effects = wait(500)
    const asked = sent(effects).filter(({ messages }) => messages[0]?.type === 'indirect-ping')
    expect(asked).toHaveLength(2)
    for (const { messages } of asked)
      expect(messages[0]).toMatchObject({ seq, node: name, nack: true })
    const [dial] = of(effects, 'dial')
    expect(streamMessage(dial!.bytes)).toMatchObject({ type: 'ping', seq, node: name })
  })

  test('silence to the end makes a suspect, which is told, and then dead', () => {
    machine = newQuietMachine()
    hear(host(2), aliveOf('ann', 2))
    unanswered()
    const { found } = waitFor('suspect')
    expect(found[0]!.messages).toContainEqual({
      type: 'suspect',
      incarnation: 1,
      node: 'ann',
      from: 'self',
    })
    expect(machine.member('ann')?.state).toBe('suspect')
    const down = of(wait(20_000), 'member').filter(({ change }) => change === 'down')
    expect(down.map(({ member }) => member.name)).toEqual(['ann'])
    expect(machine.member('ann')).toBeUndefined() // purged once gossip to the dead was over
  })

  test('a suspect hears of the suspicion in the packet that pings it', () => {
    machine = newQuietMachine()
    hear(host(2), aliveOf('ann', 2), { type: 'suspect', incarnation: 1, node: 'ann', from: 'bob' })
    const { found } = waitFor('ping')
    expect(found[0]!.messages.map(({ type }) => type)).toEqual(['ping', 'suspect'])
  })

  test('an answer over a stream saves a member that packets do not reach', () => {
    machine = newQuietMachine()
    hear(host(2), aliveOf('ann', 2))
    const { seq } = unanswered()
    const [dial] = of(wait(500), 'dial')
    const message = { type: 'ack', seq, payload: NO_BYTES } as const
    machine.handle({ type: 'reply', dial: dial!.dial, message }, now)
    wait(600)
    expect(machine.stats).toMatchObject({ probesSavedByStream: 1, probesFailed: 0 })
    expect(machine.member('ann')?.state).toBe('alive')
  })

  test('an unhealthy node waits longer for its answers', () => {
    machine = newQuietMachine()
    hear(host(2), aliveOf('ann', 2))
    for (const incarnation of [1, 2]) {
      hear(host(2), { type: 'suspect', incarnation, node: 'self', from: 'ann' })
    }
    expect(machine.awareness).toBe(2)
    unanswered()
    wait(2_900)
    expect(machine.member('ann')?.state).toBe('alive')
    wait(200)
    expect(machine.member('ann')?.state).toBe('suspect')
  })
})

function newMachine(overrides: SwimOptions = {}): SwimMachine {
  const made = new SwimMachine({
    name: 'self',
    meta,
    versions,
    options: resolveSwimOptions('lan', { compression: false, ...overrides }),
    random: seededRandom(7),
    passenger: { userState: () => userState, ackPayload: () => ackPayload, takePayloads },
  })
  made.handle({ type: 'start', advertise: host(1) }, now)
  for (let effect = made.poll(); effect !== undefined;) effect = made.poll()
  return made
}

/** A machine that forgets the dead at once and starts no exchange of its own. */
function newQuietMachine(): SwimMachine {
  return newMachine({ pushPullIntervalMs: 0, gossipToTheDeadMs: 0 })
}

describe('gossip', () => {
  test('what is news goes to some members, with a checksum, and not for ever', () => {
    machine = newQuietMachine()
    hear(host(2), aliveOf('ann', 2))
    hear(host(3), aliveOf('bob', 3))
    // Shorter than a probe, whose failure would be news again.
    const packets = of(wait(950), 'send').filter(({ bytes }) => bytes[0] === 0x0c)
    expect(packets.length).toBeGreaterThan(0)
    expect(machine.broadcastsQueued).toBe(0)
  })

  test('payloads of the layer above ride behind the claims', () => {
    machine = newQuietMachine()
    hear(host(2), aliveOf('ann', 2))
    payloads.push(Uint8Array.of(1, 2, 3))
    const { found } = waitFor('user')
    const types = found[0]!.messages.map(({ type }) => type)
    expect(types).toEqual([...types.filter((type) => type !== 'user'), 'user'])
    expect(found[0]!.messages.at(-1)).toEqual({ type: 'user', payload: Uint8Array.of(1, 2, 3) })
  })

  test('payloads of others are handed up', () => {
    const effects = hear(host(2), { type: 'user', payload: Uint8Array.of(4) })
    expect(effects).toEqual([{ type: 'payload', payload: Uint8Array.of(4) }])
  })

  test('payloads are handed up before the claims that came with them', () => {
    hear(host(2), aliveOf('ann', 2))
    const farewell = { type: 'dead', incarnation: 1, node: 'ann', from: 'ann' } as const
    const intent = { type: 'user', payload: Uint8Array.of(4) } as const
    const bytes = encodeCompound([encodeMessage(farewell), encodeMessage(intent)])
    machine.handle({ type: 'packet', from: host(2), bytes }, now)
    expect(drain().map(({ type }) => type)).toEqual(['payload', 'member'])
  })

  test('bad packets are counted and change nothing', () => {
    machine.handle({ type: 'packet', from: host(2), bytes: Uint8Array.of(200, 1, 2) }, now)
    expect(drain()).toEqual([])
    expect(machine.stats.faults['unknown-type']).toBe(1)
  })
})

describe('push/pull', () => {
  const ask = (message: StreamMessage) => {
    machine.handle({ type: 'request', connection: 1, message }, now)
    return drain()
  }

  test('the answer shows the table as it was, then the other table is merged', () => {
    const effects = ask(pushPull([stateOf('ann', 2)], true, Uint8Array.of(5)))
    const [respond] = of(effects, 'respond')
    const answer = streamMessage(respond!.bytes!) as PushPull
    expect(answer.join).toBe(true)
    expect(answer.nodes.map(({ name }) => name)).toEqual(['self'])
    expect(answer.userState).toEqual(userState)
    expect(effects.map(({ type }) => type)).toEqual(['respond', 'member', 'user-state'])
    expect(machine.member('ann')?.state).toBe('alive')
  })

  test('a table whose members speak other versions is refused whole', () => {
    const stranger = stateOf('zed', 3, { versions: [6, 7, 6, 2, 5, 5] })
    ask(pushPull([stateOf('ann', 2), stranger]))
    expect(machine.stats.pushPullsRefused).toBe(1)
    expect(machine.member('ann')).toBeUndefined()
  })

  test('hearing that we are dead makes us refute', () => {
    const effects = ask(pushPull([stateOf('self', 1, { state: 'dead', incarnation: 4 })]))
    expect(effects.map(({ type }) => type)).toEqual(['respond'])
    expect(machine.member('self')?.incarnation).toBe(5)
  })

  test('now and then a member alive is asked for its table', () => {
    machine = newMachine({ pushPullIntervalMs: 400 })
    hear(host(2), aliveOf('ann', 2))
    const dials = of(wait(850), 'dial')
    expect(dials.map(({ to }) => to)).toEqual([host(2), host(2)])
    expect(streamMessage(dials[0]!.bytes)).toMatchObject({ type: 'push-pull', join: false })
  })
})

describe('joining', () => {
  const join = (...seeds: Address[]) => {
    machine.handle({ type: 'join', join: 3, seeds }, now)
    return of(drain(), 'dial')
  }
  const reply = (dial: number, message: StreamMessage) => {
    machine.handle({ type: 'reply', dial, message }, now)
    return of(drain(), 'joined')
  }

  test('ends when every seed has answered or failed', () => {
    const [first, second] = join(host(2), host(3))
    expect(reply(first!.dial, pushPull([stateOf('ann', 2)]))).toEqual([])
    machine.handle({ type: 'dial-failed', dial: second!.dial, reason: 'refused' }, now)
    expect(of(drain(), 'joined')).toEqual([
      {
        type: 'joined',
        join: 3,
        contacted: 1,
        failures: [{ address: '127.0.0.3:7946', reason: 'refused' }],
      },
    ])
  })

  test('shows that a newcomer asks, unless it is to be a push/pull like any other', () => {
    const [dial] = join(host(2))
    expect(streamMessage(dial!.bytes)).toMatchObject({ type: 'push-pull', join: true })
    machine.handle({ type: 'sync', join: 4, seeds: [host(2)] }, now)
    const [other] = of(drain(), 'dial')
    expect(streamMessage(other!.bytes)).toMatchObject({ type: 'push-pull', join: false })
    machine.handle({ type: 'dial-failed', dial: other!.dial, reason: 'refused' }, now)
    expect(of(drain(), 'joined')).toMatchObject([{ join: 4, contacted: 0 }])
  })

  test('does not count an answer of our own', () => {
    const [dial] = join(host(1))
    const [joined] = reply(dial!.dial, pushPull([stateOf('self', 1)]))
    expect(joined).toMatchObject({ contacted: 0 })
    expect(joined?.failures[0]?.reason).toBe('only this node itself answered')
  })

  test('gives up on a seed that says nothing, and then wants its stream dropped', () => {
    const [dial] = join(host(2))
    const effects = wait(10_000)
    expect(of(effects, 'abandon')).toEqual([{ type: 'abandon', dial: dial!.dial }])
    expect(of(effects, 'joined')[0]).toMatchObject({ contacted: 0 })
    expect(reply(dial!.dial, pushPull([stateOf('ann', 2)]))).toEqual([])
  })

  test('passes on the reason that a seed gives', () => {
    const [dial] = join(host(2))
    const [joined] = reply(dial!.dial, { type: 'error', reason: 'encrypted' })
    expect(joined?.failures).toEqual([{ address: '127.0.0.2:7946', reason: 'encrypted' }])
  })

  test('ends at once without seeds', () => {
    machine.handle({ type: 'join', join: 3, seeds: [] }, now)
    expect(drain()).toEqual([{ type: 'joined', join: 3, contacted: 0, failures: [] }])
  })
})

describe('leaving and new meta', () => {
  test('alone there is nobody to tell', () => {
    machine.handle({ type: 'meta', meta: Uint8Array.of(0xff, 0x81) }, now)
    machine.handle({ type: 'leave' }, now)
    const effects = drain().filter(({ type }) => type !== 'member')
    expect(effects).toEqual([
      { type: 'meta-spread', spread: true },
      { type: 'left', spread: true },
    ])
  })

  test('what is announced goes to everybody who is there, in a packet of its own', () => {
    hear(host(2), aliveOf('ann', 2), aliveOf('bob', 3), aliveOf('cat', 4))
    hear(host(2), { type: 'dead', incarnation: 1, node: 'cat', from: 'ann' })
    machine.handle({ type: 'announce', payload: Uint8Array.of(7) }, now)
    const packets = sent(drain()).sort((a, b) => (a.to < b.to ? -1 : 1))
    const messages = [{ type: 'user', payload: Uint8Array.of(7) }]
    expect(packets).toEqual([2, 3].map((last) => ({ to: `127.0.0.${last}:7946`, messages })))
  })

  test('of a crowd, 64 are told what is announced', () => {
    for (let last = 2; last <= 120; last++) hear(host(last), aliveOf(`peer-${last}`, last))
    machine.handle({ type: 'announce', payload: Uint8Array.of(7) }, now)
    expect(new Set(sent(drain()).map(({ to }) => to)).size).toBe(64)
  })

  test('the farewell is over once it has been gossiped often enough', () => {
    machine = newQuietMachine()
    hear(host(2), aliveOf('ann', 2))
    machine.handle({ type: 'leave' }, now)
    expect(of(drain(), 'left')).toEqual([])
    const effects = wait(4_000)
    expect(of(effects, 'left')).toEqual([{ type: 'left', spread: true }])
    const farewells = sent(effects).flatMap(({ messages }) => messages)
    expect(farewells).toContainEqual({ type: 'dead', incarnation: 1, node: 'self', from: 'self' })
  })

  test('with others known but never reached it ends by the timeout', () => {
    machine = newMachine({ gossipIntervalMs: 600_000, probeIntervalMs: 600_000 })
    hear(host(2), aliveOf('ann', 2))
    machine.handle({ type: 'leave' }, now)
    expect(of(wait(5_000), 'left')).toEqual([{ type: 'left', spread: false }])
  })

  test('new meta is an update of our own row, and of what others hear', () => {
    machine = newQuietMachine()
    hear(host(2), aliveOf('ann', 2))
    machine.handle({ type: 'meta', meta: Uint8Array.of(0xff, 0x81) }, now)
    expect(of(drain(), 'member')).toMatchObject([{ change: 'update', member: { name: 'self' } }])
    expect(of(wait(4_000), 'meta-spread')).toEqual([{ type: 'meta-spread', spread: true }])
  })
})
