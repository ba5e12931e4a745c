import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { seededRandom } from '../../packages/libring/src/base/random.ts'
import { encodeSerf } from '../../packages/libring/src/serf/message-codec.ts'
import type { SerfInput } from '../../packages/libring/src/serf/effects.ts'
import type { SerfMessage } from '../../packages/libring/src/serf/messages.ts'
import { resolveSerfOptions, type SerfOptions } from '../../packages/libring/src/serf/options.ts'
import { SerfMachine } from '../../packages/libring/src/serf/serf-machine.ts'
import { serfVersions } from '../../packages/libring/src/serf/setup.ts'
import { resolveSwimOptions } from '../../packages/libring/src/swim/options.ts'
import { encodeMessage } from '../../packages/libring/src/wire/encode.ts'
import type { NodeState, PacketMessage } from '../../packages/libring/src/wire/messages.ts'
import { ExecutedBlocks } from '../support/executed-blocks.ts'
import { userState } from '../unit/serf/lone-node.ts'

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

/** A machine that has met so many members and told all of them, and probes none. */
class Node {
  #nowMs = 0
  readonly #machine: SerfMachine

  constructor(members: number, options: SerfOptions = {}) {
    const swim = resolveSwimOptions('lan', { pushPullIntervalMs: 0, probeIntervalMs: 600_000 })
    const random = seededRandom(1, `packet path of ${members}`)
    const setup = { name: 'self', tags: {}, swim, serf: resolveSerfOptions(options), random }
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

  hear(message: PacketMessage): void {
    const from = { host: '10.0.0.3', port: 7_946 }
    this.#handle({ type: 'packet', from, bytes: encodeMessage(message) })
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

  #handle(input: SerfInput): void {
    this.#machine.handle(input, this.#nowMs)
    this.#drop()
  }

  #drop(): void {
    while (this.#machine.poll() !== undefined);
  }
}

const user = (message: SerfMessage): PacketMessage => ({
  type: 'user',
  payload: encodeSerf(message),
})
const replyTo = undefined

/** Of each kind one after the other: what the members up to the eighth are, all know. */
const PACKETS: Readonly<Record<string, (turn: number) => PacketMessage>> = {
  ping: (turn) => ({ type: 'ping', seq: turn, node: 'self', replyTo }),
  'indirect ping': (turn) => ({
    type: 'indirect-ping',
    seq: turn,
    target: addressOf(turn % FEW),
    port: 7_946,
    node: nameOf(turn % FEW),
    nack: true,
    replyTo,
  }),
  ack: (turn) => ({ type: 'ack', seq: turn, payload: bytes() }),
  nack: (turn) => ({ type: 'nack', seq: turn }),
  'alive, known': (turn) => ({ ...rowOf(turn % FEW), type: 'alive', node: nameOf(turn % FEW) }),
  'alive, new tags': (turn) => {
    const [node, meta] = [nameOf(turn % FEW), bytes(255, turn)]
    return { ...rowOf(turn % FEW), type: 'alive', node, meta, incarnation: turn + 2 }
  },
  'alive, newcomer': (turn) => ({
    ...rowOf(MANY + turn),
    type: 'alive',
    node: nameOf(MANY + turn),
  }),
  suspect: (turn) => {
    const from = nameOf((turn + 1) % FEW)
    return { type: 'suspect', incarnation: 100 + turn, node: nameOf(turn % FEW), from }
  },
  'suspect, ourselves': (turn) => {
    return { type: 'suspect', incarnation: 1 + turn, node: 'self', from: nameOf(1) }
  },
  dead: (turn) => ({ type: 'dead', incarnation: 200 + turn, node: nameOf(turn % FEW), from: 'x' }),
  'join intent': (turn) =>
    user({ type: 'join', ltime: 10n + BigInt(turn), node: nameOf(turn % FEW) }),
  'leave intent': (turn) => {
    return user({
      type: 'leave',
      ltime: 50n + BigInt(turn),
      node: nameOf(turn % FEW),
      prune: false,
    })
  },
  'user event': (turn) => {
    const told = { name: 'deploy', payload: bytes(turn), coalesce: false }
    return user({ type: 'user-event', ltime: 10n + BigInt(turn), ...told })
  },
  query: (turn) => {
    const [addr, port, sourceNode] = [addressOf(1), 7_946, nameOf(1)] as const
    const asked = { filters: [], flags: 1, relayFactor: 2, timeoutNanos: 1_000_000_000n }
    const said = { name: 'load', payload: bytes() }
    const ltime = 10n + BigInt(turn)
    return user({ type: 'query', ltime, id: turn, addr, port, sourceNode, ...asked, ...said })
  },
}

const TURNS = 12

/** The most blocks that any of the packets of a kind had executed. */
async function costOf(members: number, packetAt: (turn: number) => PacketMessage): Promise<number> {
  const node = new Node(members)
  expect(node.members).toBe(members + 1)
  let most = 0
  for (let turn = 0; turn < TURNS; turn++) {
    most = Math.max(most, await blocks.during(() => node.hear(packetAt(turn))))
  }
  return most
}

/** What a second of gossip has executed, with one rumour to tell. */
async function tellingCost(members: number): Promise<number> {
  const node = new Node(members)
  node.hear(PACKETS['user event']!(1))
  return blocks.during(() => node.passMs(1_000))
}

const rumour = (turn: number): PacketMessage => {
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
  test.each(Object.entries(PACKETS))('for a packet: %s', async (_, packetAt) => {
    const cost = await costOf(FEW, packetAt)
    expect(cost).toBeGreaterThan(50)
    expect(await costOf(MANY, packetAt)).toBeLessThan(cost + HEADROOM)
  })

  test('to tell a rumour once', async () => {
    const cost = await tellingCost(FEW)
    expect(cost).toBeGreaterThan(50)
    expect(await tellingCost(MANY)).toBeLessThan(REPEATS * cost + HEADROOM)
  })
})
