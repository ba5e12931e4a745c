import { beforeEach, describe, expect, test } from 'vitest'
import { ipToBytes, type Address } from '../../../packages/libring/src/base/address.ts'
import { NO_BYTES, utf8Encode } from '../../../packages/libring/src/base/bytes.ts'
import { InvariantError } from '../../../packages/libring/src/base/errors.ts'
import type { SerfEffect } from '../../../packages/libring/src/serf/effects.ts'
import { LTIME_LIMIT } from '../../../packages/libring/src/serf/lamport.ts'
import { decodeSerf, encodeSerf } from '../../../packages/libring/src/serf/message-codec.ts'
import type { Query, SerfMessage, UserState } from '../../../packages/libring/src/serf/messages.ts'
import { serfVersions } from '../../../packages/libring/src/serf/setup.ts'
import { encodeTags } from '../../../packages/libring/src/serf/tags.ts'
import { encodeMessage } from '../../../packages/libring/src/wire/encode.ts'
import type { NodeState, PacketMessage } from '../../../packages/libring/src/wire/messages.ts'
import { newMachine, serfMessages, streamMessage, tell } from './world.ts'

const host = (last: number): Address => ({ host: `127.0.0.${last}`, port: 7946 })
const stateOf = (name: string, last: number): NodeState => ({
  name,
  addr: ipToBytes(host(last).host)!,
  port: 7946,
  meta: encodeTags({}),
  incarnation: 1,
  state: 'alive',
  versions: serfVersions,
})
const aliveOf = (name: string, last: number, incarnation = 1): PacketMessage => {
  const { addr, port, meta } = stateOf(name, last)
  return { type: 'alive', node: name, incarnation, addr, port, meta, versions: serfVersions }
}
const deadOf = (node: string, from = node): PacketMessage => {
  return { type: 'dead', incarnation: 1, node, from }
}
const join = (ltime: bigint, node: string): SerfMessage => ({ type: 'join', ltime, node })
const leave = (ltime: bigint, node: string, prune = false): SerfMessage => {
  return { type: 'leave', ltime, node, prune }
}
const event = (ltime: bigint, name: string, payload = NO_BYTES): SerfMessage => {
  return { type: 'user-event', ltime, name, payload, coalesce: false }
}
const query = (ltime: bigint, overrides: Partial<Query> = {}): SerfMessage => ({
  type: 'query',
  ltime,
  id: 1,
  addr: ipToBytes(host(2).host)!,
  port: 7946,
  sourceNode: 'ann',
  filters: [],
  flags: 0,
  relayFactor: 0,
  timeoutNanos: 1_000_000_000n,
  name: 'q',
  payload: NO_BYTES,
  ...overrides,
})

let machine: ReturnType<typeof newMachine>
let now: number

beforeEach(() => {
  now = 0
  machine = started()
})

/** The node `self`, started, to which `ann` has made herself known. */
function started(setup = {}): typeof machine {
  const fresh = newMachine('self', setup)
  fresh.handle({ type: 'start', advertise: host(1) }, now)
  const bytes = encodeMessage(aliveOf('ann', 2))
  fresh.handle({ type: 'packet', from: host(2), bytes }, now)
  while (fresh.poll() !== undefined);
  return fresh
}

function drain(): SerfEffect[] {
  const effects: SerfEffect[] = []
  for (let effect = machine.poll(); effect !== undefined; effect = machine.poll()) {
    effects.push(effect)
  }
  return effects
}

function news(effects: readonly SerfEffect[]): string[] {
  return effects.map(tell).filter((text) => text !== undefined)
}

/** Take in messages of memberlist or Serf, and give what is told of them at once. */
function hear(...messages: readonly (PacketMessage | SerfMessage)[]): string[] {
  for (const message of messages) {
    const packet = isSerf(message)
      ? ({ type: 'user', payload: encodeSerf(message) } as const)
      : message
    machine.handle({ type: 'packet', from: host(2), bytes: encodeMessage(packet) }, now)
  }
  return news(drain())
}

function isSerf(message: PacketMessage | SerfMessage): message is SerfMessage {
  return 'ltime' in message
}

/** Let time pass. */
function wait(durationMs: number): SerfEffect[] {
  const effects: SerfEffect[] = []
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

/** Serf messages sent within the next second, without repetitions. */
function passedAlong(): SerfMessage[] {
  const messages = wait(1_000).flatMap((effect) => {
    return effect.type === 'send' ? serfMessages(effect.bytes) : []
  })
  const distinct = new Map(messages.map((message) => [encodeSerf(message).join(), message]))
  return [...distinct.values()]
}

/** Push/pull with us as another member would; gives the user state that it gets. */
function pushPull(state: Partial<UserState>, nodes = [stateOf('ann', 2)]): UserState {
  const full: UserState = {
    type: 'push-pull',
    ltime: 1n,
    eventLTime: 1n,
    queryLTime: 1n,
    statusLTimes: new Map(),
    leftMembers: [],
    events: [],
    ...state,
  }
  const message = { type: 'push-pull', join: false, nodes, userState: encodeSerf(full) } as const
  machine.handle({ type: 'request', connection: 1, message }, now)
  return ownState()
}

function ownState(): UserState {
  const nodes = [stateOf('ann', 2)]
  const message = { type: 'push-pull', join: false, nodes, userState: NO_BYTES } as const
  machine.handle({ type: 'request', connection: 2, message }, now)
  const responses = drain().flatMap((effect) => (effect.type === 'respond' ? [effect] : []))
  const answer = streamMessage(responses.at(-1)!.bytes!)
  if (answer.type !== 'push-pull') throw new Error('no push/pull')
  const { message: own } = decodeSerf(answer.userState)
  if (own?.type !== 'push-pull') throw new Error('no user state')
  return own
}

const statusOf = (name: string) => machine.members().find((m) => m.name === name)?.status

describe('join intents', () => {
  test('one that is news is passed along exactly as it came, one that is not is dropped', () => {
    hear(join(5n, 'ann'))
    expect(passedAlong()).toEqual([join(5n, 'ann')])
    hear(join(5n, 'ann'), join(4n, 'ann'))
    expect(passedAlong()).toEqual([])
    hear(join(6n, 'ann'))
    expect(passedAlong()).toEqual([join(6n, 'ann')])
  })

  test('a join intent takes back a leave, and that is told', () => {
    expect(hear(leave(5n, 'ann'))).toEqual([])
    expect(statusOf('ann')).toBe('leaving')
    expect(hear(join(6n, 'ann'))).toEqual(['member-update ann'])
    expect(statusOf('ann')).toBe('alive')
  })

  test('so does one that a push/pull brings', () => {
    hear(leave(5n, 'ann'))
    pushPull({ statusLTimes: new Map([['ann', 6n]]) })
    expect(statusOf('ann')).toBe('alive')
  })

  test('one about somebody not met yet is kept, and passed along once', () => {
    hear(join(5n, 'bob'), join(5n, 'bob'), join(3n, 'bob'))
    expect(passedAlong()).toEqual([join(5n, 'bob')])
    expect(hear(aliveOf('bob', 3))).toEqual(['member-join bob'])
    expect(ownState().statusLTimes.get('bob')).toBe(5n)
  })

  test('nobody bears the empty name', () => {
    hear(join(5n, ''), leave(6n, ''))
    expect(passedAlong()).toEqual([])
  })
})

describe('leave intents', () => {
  test('a silent member has left if it said so, before or with its last word, else failed', () => {
    hear(leave(5n, 'ann'), aliveOf('bob', 3), aliveOf('cat', 4))
    expect(hear(deadOf('ann', 'self'))).toEqual(['member-leave ann'])
    expect(hear(deadOf('bob', 'self'))).toEqual(['member-failed bob'])
    expect(hear(deadOf('cat', 'cat'))).toEqual(['member-leave cat'])
  })

  test('an intent that comes after the failure makes a leave of it', () => {
    hear(deadOf('ann', 'bob'))
    expect(statusOf('ann')).toBe('failed')
    expect(hear(leave(5n, 'ann'))).toEqual(['member-leave ann'])
    expect(statusOf('ann')).toBe('left')
  })

  test('two different intents about one member do not chase each other for ever', () => {
    hear(leave(5n, 'ann'), leave(6n, 'ann'), leave(5n, 'ann'), leave(6n, 'ann'))
    expect(passedAlong()).toEqual([leave(6n, 'ann'), leave(5n, 'ann')])
    expect(machine.stats.rebroadcasts).toBe(2)
  })

  test('one about somebody not met yet makes the member leaving from the first', () => {
    hear(leave(5n, 'bob'))
    expect(passedAlong()).toEqual([leave(5n, 'bob')])
    hear(aliveOf('bob', 3))
    expect(statusOf('bob')).toBe('leaving')
  })

  test('one about somebody not met yet is forgotten after a while', () => {
    machine = started({ serf: { recentIntentTimeoutMs: 60_000 } })
    hear(leave(5n, 'bob'))
    wait(80_000)
    hear(aliveOf('bob', 3))
    expect(statusOf('bob')).toBe('alive')
  })

  test('one about ourselves is refuted, and not passed along', () => {
    hear(leave(40n, 'self'))
    expect(passedAlong()).toEqual([join(41n, 'self')])
    expect(statusOf('self')).toBe('alive')
    expect(machine.stats.leavesRefuted).toBe(1)
    hear(leave(40n, 'self'))
    expect(passedAlong()).toEqual([])
  })

  test('one about ourselves of the very time of our join is refuted too', () => {
    hear(join(5n, 'self'), leave(5n, 'self'))
    expect(passedAlong()).toEqual([join(6n, 'self'), join(5n, 'self')])
    hear(leave(5n, 'self'))
    expect(passedAlong()).toEqual([])
  })

  test('prune of a member that failed forgets it at once', () => {
    hear(deadOf('ann', 'bob'))
    expect(hear(leave(5n, 'ann', true))).toEqual(['member-leave ann', 'member-reap ann'])
    expect(statusOf('ann')).toBeUndefined()
  })

  test('prune of a member on its way waits until its farewell has come through', () => {
    machine = started({ swim: { probeIntervalMs: 600_000 } })
    hear(leave(5n, 'ann', true))
    expect(statusOf('ann')).toBe('leaving')
    expect(hear(deadOf('ann'))).toEqual(['member-leave ann'])
    expect(news(wait(5_999))).toEqual([])
    expect(news(wait(1))).toEqual(['member-reap ann'])
  })

  test('prune spares a member that turns out to be alive', () => {
    machine = started({ swim: { probeIntervalMs: 600_000 } })
    hear(leave(5n, 'ann', true), join(6n, 'ann'))
    wait(10_000)
    expect(statusOf('ann')).toBe('alive')
  })

  test('a node that stays on after its farewell does not forget itself', () => {
    machine = started({ serf: { tombstoneTimeoutMs: 1_000, reapIntervalMs: 1_000 } })
    machine.handle({ type: 'leave' }, now)
    expect(news(wait(60_000))).not.toContain('member-reap self')
    expect(statusOf('self')).toBe('left')
  })

  test('a forged prune cannot make us forget ourselves', () => {
    machine.handle({ type: 'leave' }, now)
    hear(leave(90n, 'self', true))
    wait(20_000)
    expect(statusOf('self')).toBe('left')
  })
})

describe('push/pull', () => {
  test('shows the clocks, the time of every status and who left', () => {
    hear(join(5n, 'ann'), aliveOf('bob', 3), leave(8n, 'bob'), deadOf('bob'), event(3n, 'e'))
    expect(ownState()).toEqual({
      type: 'push-pull',
      ltime: 9n,
      eventLTime: 4n,
      queryLTime: 1n,
      statusLTimes: new Map([
        ['ann', 5n],
        ['bob', 8n],
        ['self', 0n],
      ]),
      leftMembers: ['bob'],
      events: [{ ltime: 3n, events: [{ name: 'e', payload: NO_BYTES }] }],
    })
  })

  test('moves the clocks to where the other one stands', () => {
    const { ltime, eventLTime, queryLTime } = pushPull({
      ltime: 7n,
      eventLTime: 8n,
      queryLTime: 9n,
    })
    expect([ltime, eventLTime, queryLTime]).toEqual([7n, 8n, 9n])
  })

  test('tells of leaves that were missed, and passes nothing along', () => {
    hear(deadOf('ann', 'bob'))
    const bob = [stateOf('bob', 3)]
    pushPull({ leftMembers: ['ann', 'ghost'], statusLTimes: new Map([['ann', 4n]]) }, bob)
    expect(statusOf('ann')).toBe('left')
    expect(ownState().statusLTimes.get('ann')).toBe(5n)
    expect(passedAlong()).toEqual([])
  })

  test('the leave of a member that is gone wins over a join intent of the same time', () => {
    hear(join(4n, 'ann'), deadOf('ann', 'bob'))
    const bob = [stateOf('bob', 3)]
    pushPull({ leftMembers: ['ann'], statusLTimes: new Map([['ann', 4n]]) }, bob)
    expect(statusOf('ann')).toBe('left')
  })

  test('a member that is seen does not leave by what others remember of it', () => {
    hear(join(4n, 'ann'))
    pushPull({ leftMembers: ['ann'], statusLTimes: new Map([['ann', 4n]]) })
    expect(statusOf('ann')).toBe('alive')
  })

  test('who is said to have left, and has not, says so', () => {
    pushPull({ ltime: 9n, leftMembers: ['self'], statusLTimes: new Map([['self', 8n]]) })
    expect(passedAlong()).toEqual([join(10n, 'self')])
  })

  test('who learns of a later intent about itself than it knows has missed a leave, and says so', () => {
    pushPull({ ltime: 9n, statusLTimes: new Map([['self', 8n]]) })
    expect(passedAlong()).toEqual([join(9n, 'self')])
    pushPull({ ltime: 9n, statusLTimes: new Map([['self', 9n]]) })
    expect(passedAlong()).toEqual([])
  })

  test('nothing that others know takes back our own farewell', () => {
    machine.handle({ type: 'leave' }, now)
    pushPull({ ltime: 9n, statusLTimes: new Map([['self', 8n]]) })
    hear(join(12n, 'self'))
    expect(statusOf('self')).toBe('leaving')
    expect(news(wait(20_000))).toContain('member-leave self')
  })

  test('its events count as seen', () => {
    pushPull({ events: [{ ltime: 3n, events: [{ name: 'e', payload: NO_BYTES }] }] })
    hear(event(3n, 'e'))
    expect(passedAlong()).toEqual([])
    hear(event(3n, 'f'))
    expect(passedAlong()).toEqual([event(3n, 'f')])
  })

  test('user state that is none is counted and harms nothing', () => {
    const userState = Uint8Array.of(1, 2, 3)
    const nodes = [stateOf('bob', 3)]
    const message = { type: 'push-pull', join: false, nodes, userState } as const
    machine.handle({ type: 'request', connection: 1, message }, now)
    expect(news(drain())).toEqual(['member-join bob'])
    expect(machine.stats.faults.malformed).toBe(1)
  })
})

describe('user events and queries', () => {
  test('each is passed along once, so that a mixed cluster loses none', () => {
    hear(event(5n, 'a'), event(5n, 'b'), event(5n, 'a'), query(5n), query(5n))
    expect(passedAlong()).toEqual([query(5n), event(5n, 'b'), event(5n, 'a')])
    hear(event(5n, 'a'), query(5n))
    expect(passedAlong()).toEqual([])
    expect(machine.stats.seenBefore).toBe(4)
  })

  test('a query that is not to be passed along is not', () => {
    hear(query(5n, { flags: 2 }))
    expect(passedAlong()).toEqual([])
  })

  test('messages that belong inside others are counted and dropped', () => {
    hear({ type: 'query-response', ltime: 1n, id: 1, from: 'ann', flags: 0, payload: NO_BYTES })
    for (const type of [2, 6, 7, 8, 10]) {
      const payload = Uint8Array.of(type, 0xc0)
      const bytes = encodeMessage({ type: 'user', payload })
      machine.handle({ type: 'packet', from: host(2), bytes }, now)
    }
    expect(passedAlong()).toEqual([])
    expect(machine.stats.received['query-response']).toBe(1)
    expect(machine.stats.faults['unknown-type']).toBe(5)
  })

  test('an event too long for a packet is not queued for ever', () => {
    hear(event(5n, 'a', new Uint8Array(1_500)))
    expect(machine.stats.broadcastsDropped).toBe(1)
    expect(passedAlong()).toEqual([])
  })

  test('a flood of them is bounded', () => {
    machine = started({ serf: { queueDepthMax: 16 } })
    for (let i = 0; i < 200; i++) hear(event(5n, `e${i}`))
    expect(machine.stats.rebroadcasts).toBe(200)
    const sent = new Set<string>()
    for (let i = 0; i < 30; i++) {
      for (const message of passedAlong()) {
        if (message.type === 'user-event') sent.add(message.name)
      }
    }
    expect(sent.size).toBeGreaterThanOrEqual(16)
    expect(sent.size).toBeLessThanOrEqual(32)
  })
})

test('a forged time cannot stop the clocks: what we say is still taken', () => {
  hear(leave(LTIME_LIMIT - 1n, 'ghost'), event(LTIME_LIMIT - 1n, 'e'), query(LTIME_LIMIT - 1n))
  wait(1_000)
  machine.handle({ type: 'force-leave', name: 'bob', prune: false }, now)
  expect(passedAlong()).toEqual([leave(LTIME_LIMIT - 1n, 'bob')])
})

describe('numbers for joins', () => {
  test('are the caller’s, whatever they are, and each join is answered once', () => {
    for (const number of [7, 7, -1]) {
      machine.handle({ type: 'join', join: number, seeds: [host(9)] }, now)
    }
    const dials = drain().flatMap((effect) => (effect.type === 'dial' ? [effect.dial] : []))
    for (const dial of dials.toReversed()) {
      machine.handle({ type: 'dial-failed', dial, reason: 'refused' }, now)
    }
    const failures = [{ address: '127.0.0.9:7946', reason: 'refused' }]
    expect(drain()).toEqual(
      [-1, 7, 7].map((number) => ({ type: 'joined', join: number, contacted: 0, failures })),
    )
  })

  test('a join that reached nobody is not told to anybody', () => {
    machine.handle({ type: 'join', join: 1, seeds: [host(9)] }, now)
    const dial = drain().find((effect) => effect.type === 'dial')!.dial
    machine.handle({ type: 'dial-failed', dial, reason: 'refused' }, now)
    expect(news(drain())).toEqual(['joined 1: 0'])
    expect(passedAlong()).toEqual([])
  })

  test('do not show in reconnects', () => {
    machine = started({ serf: { reconnectIntervalMs: 1_000 } })
    hear(deadOf('ann', 'bob'))
    const dial = wait(1_000).find((effect) => effect.type === 'dial')
    expect(dial).toMatchObject({ to: host(2) })
    expect(machine.stats.reconnects).toBe(1)
    machine.handle({ type: 'dial-failed', dial: dial!.dial, reason: 'refused' }, now)
    expect(drain()).toEqual([])
  })
})

test('failed members are tried again the more often the more of them there are', () => {
  machine = started({ serf: { reconnectIntervalMs: 1_000 }, swim: { probeIntervalMs: 600_000 } })
  for (let i = 3; i < 12; i++) hear(aliveOf(`n${i}`, i))
  hear(deadOf('ann', 'n3'))
  wait(1_000_000)
  // One of ten others, so one in ten of a thousand times; the seed is fixed.
  expect(machine.stats.reconnects).toBeGreaterThan(70)
  expect(machine.stats.reconnects).toBeLessThan(130)
})

describe('before the start', () => {
  test('a leave is over at once, and a start afterwards changes nothing', () => {
    machine = newMachine('self')
    machine.handle({ type: 'leave' }, now)
    expect(news(drain())).toEqual(['left true'])
    machine.handle({ type: 'start', advertise: host(1) }, now)
    expect(machine.members()).toEqual([])
    expect(machine.status).toBe('left')
  })

  test('a join says that there is nobody yet to join', () => {
    machine = newMachine('self')
    machine.handle({ type: 'join', join: 3, seeds: [host(2)] }, now)
    const failures = [{ address: '127.0.0.2:7946', reason: 'this node has not started' }]
    expect(drain()).toEqual([{ type: 'joined', join: 3, contacted: 0, failures }])
  })
})

test('tags that do not fit are a mistake of the caller, not for the machine to bear', () => {
  const tags = { k: 'x'.repeat(600) }
  expect(() => newMachine('self', { tags })).toThrow(InvariantError)
  expect(() => machine.handle({ type: 'tags', tags }, now)).toThrow(InvariantError)
})

test('a member under the address of another is passed on as a conflict', () => {
  hear(aliveOf('bob', 3))
  const bytes = encodeMessage(aliveOf('bob', 4, 2))
  machine.handle({ type: 'packet', from: host(2), bytes }, now)
  expect(drain()).toEqual([{ type: 'conflict', name: 'bob', known: host(3), claimed: host(4) }])
})

test('a payload that is passed along does not change with the buffer it came in', () => {
  const said = event(5n, 'a', utf8Encode('x'))
  const bytes = encodeMessage({ type: 'user', payload: encodeSerf(said) })
  machine.handle({ type: 'packet', from: host(2), bytes }, now)
  expect(bytes.fill(0) && passedAlong()).toEqual([said])
})
