import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { seededRandom } from '../../packages/libring/src/base/random.ts'
import { utf8Encode } from '../../packages/libring/src/base/bytes.ts'
import { encodeSerf } from '../../packages/libring/src/serf/message-codec.ts'
import { encodeFilters } from '../../packages/libring/src/serf/query-filters.ts'
import { encodeCompound } from '../../packages/libring/src/wire/compound.ts'
import { wrapCompressed } from '../../packages/libring/src/wire/compress.ts'
import type { SerfEffect, SerfInput } from '../../packages/libring/src/serf/effects.ts'
import type { Query, SerfMessage } from '../../packages/libring/src/serf/messages.ts'
import { resolveSerfOptions, type SerfOptions } from '../../packages/libring/src/serf/options.ts'
import { SerfMachine } from '../../packages/libring/src/serf/serf-machine.ts'
import { serfVersions } from '../../packages/libring/src/serf/setup.ts'
import { resolveSwimOptions } from '../../packages/libring/src/swim/options.ts'
import { encodeMessage } from '../../packages/libring/src/wire/encode.ts'
import type { Alive, NodeState } from '../../packages/libring/src/wire/messages.ts'
import { ExecutedBlocks } from '../support/executed-blocks.ts'
import { userState } from '../unit/serf/lone-node.ts'
import { answerOf, contentOf, queryOf } from '../unit/serf/query-builders.ts'
import { serfMessages } from '../unit/serf/world.ts'

// Goal: no work on the packet path grows with the size of the cluster.
// Method: the same packets to two machines, of which one knows a few members and the other
// thousands. What each packet makes them execute is counted in blocks of code. As a logarithm the
// number of members may have a part in it: how high heaps are, and how often rumours are sent.

const FEW = 8
const MANY = 1_024
/** What heaps may add, in blocks. A loop over all members would add a thousand or more. */
const HEADROOM = 200
/** How much more often a rumour is sent: 4 times 4 times, not 4 times once. */
const REPEATS = 4

const bytes = (...given: number[]): Uint8Array => Uint8Array.from(given)
const addressOf = (index: number): Uint8Array => bytes(10, 0, index >> 8, index & 0xff)
const nameOf = (index: number): string => `node-${index}`

let blocks: ExecutedBlocks

beforeAll(async () => {
  blocks = await ExecutedBlocks.start()
})

afterAll(async () => {
  await blocks[Symbol.asyncDispose]()
})

function rowOf(index: number): NodeState {
  const name = nameOf(index)
  const versions = serfVersions
  const identity = { name, addr: addressOf(index), port: 7_946, meta: bytes(), versions }
  return { ...identity, incarnation: 1, state: 'alive' }
}

function aliveAt(index: number, news: Partial<Alive> = {}): Uint8Array {
  return encodeMessage({ ...rowOf(index), type: 'alive', node: nameOf(index), ...news })
}

/** A machine that has met so many members and told all of them, and probes none. */
class Node {
  #nowMs = 0
  readonly #machine: SerfMachine
  /** What was asked for and told by now, by type. */
  readonly effects = new Set<SerfEffect['type']>()
  #asked: Query | undefined

  constructor(members: number, options: SerfOptions = {}) {
    const swim = resolveSwimOptions('lan', { pushPullIntervalMs: 0, probeIntervalMs: 600_000 })
    const random = seededRandom(1, `packet path of ${members}`)
    const setup = {
      name: 'self',
      tags: { role: 'web' },
      swim,
      serf: resolveSerfOptions(options),
      random,
    }
    this.#machine = new SerfMachine(setup)
    this.#handle({ type: 'start', advertise: { host: '10.1.0.1', port: 7_946 } })
    const nodes = Array.from({ length: members }, (_, index) => rowOf(index))
    const message = { type: 'push-pull', join: true, nodes, userState: userState({}) } as const
    this.#handle({ type: 'request', connection: 1, message })
    this.passMs(590_000)
  }

  get members(): number {
    return this.#machine.members().length
  }

  /** A query of its own that is open. */
  get asked(): Query {
    return (this.#asked ??= this.#ask())
  }

  hear(bytes: Uint8Array): void {
    const from = { host: '10.0.0.3', port: 7_946 }
    this.#handle({ type: 'packet', from, bytes })
  }

  /** What is due, and the time, go by. Nothing that was to be sent gets anywhere. */
  passMs(ms: number): void {
    const endMs = this.#nowMs + ms
    for (let dueMs = 0; dueMs <= endMs; dueMs = this.#machine.deadlineMs() ?? Infinity) {
      this.#nowMs = Math.max(this.#nowMs, dueMs)
      this.#machine.tick(this.#nowMs)
      this.#drop()
    }
    this.#nowMs = endMs
  }

  #ask(): Query {
    const content = contentOf({ requestAck: true, timeoutMs: 600_000 })
    this.#machine.handle({ type: 'query', query: 1, ...content }, this.#nowMs)
    let asked: Query | undefined
    for (let effect = this.#machine.poll(); effect !== undefined; effect = this.#machine.poll()) {
      if (effect.type !== 'send') continue
      asked ??= serfMessages(effect.bytes).find((message) => message.type === 'query')
    }
    return asked!
  }

  #handle(input: SerfInput): void {
    this.#machine.handle(input, this.#nowMs)
    this.#drop()
  }

  #drop(): void {
    for (let effect = this.#machine.poll(); effect !== undefined; effect = this.#machine.poll()) {
      this.effects.add(effect.type)
    }
  }
}

const user = (message: SerfMessage): Uint8Array => {
  return encodeMessage({ type: 'user', payload: encodeSerf(message) })
}
const replyTo = undefined

function queryAt(turn: number, overrides: Partial<Query>): Uint8Array {
  const asker = { addr: addressOf(1), port: 7_946, sourceNode: nameOf(1) }
  return user(queryOf({ ltime: 10n + BigInt(turn), id: turn, ...asker, ...overrides }))
}

/** Those who are named, of whom we are one, and a tag of ours. */
const FILTERS = encodeFilters({
  nodes: [...Array.from({ length: 40 }, (_, index) => nameOf(index)), 'self'],
  tags: { role: '^(web|db)$' },
})

function deploy(turn: number): Uint8Array {
  const told = { name: 'deploy', payload: bytes(...new Uint8Array(200), turn), coalesce: false }
  return user({ type: 'user-event', ltime: 10n + BigInt(turn), ...told })
}

/** Of each kind one after the other: what the members up to the eighth are, all know. */
const PACKETS: Readonly<Record<string, (turn: number, node: Node) => Uint8Array>> = {
  ping: (turn) => encodeMessage({ type: 'ping', seq: turn, node: 'self', replyTo }),
  'indirect ping': (turn) => {
    const [target, node] = [addressOf(turn % FEW), nameOf(turn % FEW)]
    const ping = { seq: turn, target, port: 7_946, node, nack: true, replyTo }
    return encodeMessage({ type: 'indirect-ping', ...ping })
  },
  ack: (turn) => encodeMessage({ type: 'ack', seq: turn, payload: bytes() }),
  nack: (turn) => encodeMessage({ type: 'nack', seq: turn }),
  'alive, known': (turn) => aliveAt(turn % FEW),
  'alive, new tags': (turn) => {
    return aliveAt(turn % FEW, { meta: bytes(255, turn), incarnation: turn + 2 })
  },
  'alive, newcomer': (turn) => aliveAt(MANY + turn),
  suspect: (turn) => {
    const [node, from] = [nameOf(turn % FEW), nameOf((turn + 1) % FEW)]
    return encodeMessage({ type: 'suspect', incarnation: 100 + turn, node, from })
  },
  'suspect, ourselves': (turn) => {
    return encodeMessage({ type: 'suspect', incarnation: 1 + turn, node: 'self', from: nameOf(1) })
  },
  dead: (turn) => {
    return encodeMessage({
      type: 'dead',
      incarnation: 200 + turn,
      node: nameOf(turn % FEW),
      from: 'x',
    })
  },
  'join intent': (turn) => {
    return user({ type: 'join', ltime: 10n + BigInt(turn), node: nameOf(turn % FEW) })
  },
  'leave intent': (turn) => {
    const [ltime, node] = [50n + BigInt(turn), nameOf(turn % FEW)]
    return user({ type: 'leave', ltime, node, prune: false })
  },
  'user event': deploy,
  'query, answered and relayed': (turn) => queryAt(turn, { flags: 1, relayFactor: 2 }),
  'query, filtered': (turn) => queryAt(turn, { flags: 1, filters: FILTERS }),
  'query, about another member': (turn) => {
    return queryAt(turn, { name: '_serf_conflict', payload: utf8Encode(nameOf(turn % FEW)) })
  },
  'answer to a query, acknowledging': (turn, { asked: { ltime, id } }) => {
    return user(answerOf({ ltime, id, flags: 1, from: nameOf(turn % FEW) }))
  },
  'answer to a query': (turn, { asked: { ltime, id } }) => {
    return user(answerOf({ ltime, id, from: nameOf(turn % FEW), payload: bytes(turn) }))
  },
  'answer to nobody': (turn) => user(answerOf({ id: turn })),
  relay: (turn) => {
    const [addr, node] = [addressOf(turn % FEW), nameOf(turn % FEW)]
    const inner = encodeSerf(answerOf({ id: turn }))
    return user({ type: 'relay', addr, port: 7_946, zone: '', node, inner })
  },
  compressed: (turn) => wrapCompressed(encodeCompound([deploy(turn), aliveAt(turn % FEW)])),
}

/** What some of them have to lead to: dropped, they would cost as much in any cluster. */
const LEADS_TO: Readonly<Record<string, SerfEffect['type']>> = {
  ping: 'send',
  'indirect ping': 'send',
  'alive, newcomer': 'members',
  dead: 'members',
  'query, answered and relayed': 'send',
  'query, filtered': 'query',
  'query, about another member': 'send',
  'answer to a query, acknowledging': 'query-answer',
  'answer to a query': 'query-answer',
  relay: 'send',
  compressed: 'user-event',
}

const TURNS = 12

/** The most blocks that any of the packets of a kind had executed. */
async function costOf(members: number, kind: string): Promise<number> {
  const node = new Node(members)
  expect(node.members).toBe(members + 1)
  let most = 0
  for (let turn = 0; turn < TURNS; turn++) {
    const packet = PACKETS[kind]!(turn, node)
    node.effects.clear()
    most = Math.max(most, await blocks.during(() => node.hear(packet)))
    if (turn === 0 && kind in LEADS_TO) expect([...node.effects]).toContain(LEADS_TO[kind])
  }
  return most
}

/** What a second of gossip has executed, with one rumour to tell. */
async function tellingCost(members: number): Promise<number> {
  const node = new Node(members)
  node.hear(deploy(1))
  return blocks.during(() => node.passMs(1_000))
}

const rumour = (turn: number): Uint8Array => {
  return user({ type: 'join', ltime: 10n + BigInt(turn), node: nameOf(0) })
}

/** What one more rumour has executed, where so many are being told already. */
async function rumourCost(rumours: number): Promise<number> {
  const node = new Node(FEW)
  for (let turn = 0; turn < rumours; turn++) node.hear(rumour(turn))
  return blocks.during(() => node.hear(rumour(rumours)))
}

/** What a flood of rumours has executed, where a queue is cut to so many. */
async function floodCost(queueDepthMax: number): Promise<number> {
  const node = new Node(FEW, { queueDepthMax })
  return blocks.during(() => {
    for (let turn = 0; turn < 4 * MANY; turn++) node.hear(rumour(turn))
  })
}

// First, before the engine has seen so much of this code that it counts less of it.
test('no more is executed to hear a rumour where thousands are on their way', async () => {
  const cost = await rumourCost(FEW)
  expect(cost).toBeGreaterThan(50)
  expect(await rumourCost(MANY)).toBeLessThan(cost + HEADROOM)
})

test('hardly more is executed for a flood of rumours where it overflows its queue', async () => {
  const cost = await floodCost(4 * MANY)
  expect(cost).toBeGreaterThan(4 * MANY)
  expect(await floodCost(MANY)).toBeLessThan(1.5 * cost)
})

describe('no more is executed with thousands of members', () => {
  test.each(Object.keys(PACKETS))('for a packet: %s', async (kind) => {
    const cost = await costOf(FEW, kind)
    expect(cost).toBeGreaterThan(50)
    expect(await costOf(MANY, kind)).toBeLessThan(cost + HEADROOM)
  })

  test('to tell a rumour once', async () => {
    const cost = await tellingCost(FEW)
    expect(cost).toBeGreaterThan(50)
    expect(await tellingCost(MANY)).toBeLessThan(REPEATS * cost + HEADROOM)
  })
})
