import { below, seededRandom } from '../../packages/libring/src/base/random.ts'
import { World, type SimNode } from 'libring/sim'
import { describe, expect, test } from 'vitest'
import { turn } from '../support/peer-nodes.ts'

const TOPIC = 'libring/test'
const KEY = Buffer.alloc(16, 'a').toString('base64')
const tags = { libring: '1' }

/** Bytes of one body that may be under way: a window, and the piece that does not fit. */
const BUFFERED_BYTES_MAX = 263_168 + 65_536

interface Sent {
  readonly outcomes: string[]
  heard: number
}

// Goal: whatever happens to network and nodes, every message has exactly one outcome; it is heard
// at most once, at least once if it was delivered, and not at all if it is said to have reached
// nobody; and afterwards nothing is left of any.
// Method: ten nodes that send to each other at random for half a minute, over a network that loses
// packets, is cut and heals, while nodes crash and restart; then peace.
function storm(seed: number): { readonly sent: readonly Sent[]; readonly log: readonly string[] } {
  const random = seededRandom(seed, 'storm')
  const options = { bootstrapHosts: ['cluster.sim'], tags, keyring: seed % 2 === 0 ? [KEY] : [] }
  const world = new World({
    seed,
    nodes: 10,
    lossRate: 0.1,
    duplicateRate: 0.05,
    latencyMs: [1, 60],
    options: { ...options, profile: 'local' },
  })
  const sent: Sent[] = []
  const log: string[] = []
  const listen = (node: SimNode) => {
    node.gossip.peerMessages.receive(TOPIC, (from, message) => {
      const number = new DataView(message.buffer, message.byteOffset).getUint32(0)
      sent[number]!.heard++
      log.push(`${node.name} < ${from} ${number} ${message.length}`)
      return message.subarray(0, 4)
    })
  }
  const send = (from: SimNode, to: SimNode) => {
    const number = sent.length
    const message = new Uint8Array(4 + below(random, 150_000))
    new DataView(message.buffer).setUint32(0, number)
    const entry: Sent = { outcomes: [], heard: 0 }
    sent.push(entry)
    from.gossip.peerMessages.send(to.name, TOPIC, message, {
      deadlineMs: 1 + below(random, 4_000),
      onOutcome(outcome) {
        const what = outcome.type === 'delivered' ? 'delivered' : outcome.ending.type
        entry.outcomes.push(what)
        log.push(`${number} ${what} at ${world.nowMs.toFixed(3)}`)
      },
    })
  }
  world.nodes.forEach(listen)
  world.runFor(5_000)
  const pick = () => world.nodes[below(random, world.nodes.length)]!
  for (let step = 0; step < 600; step++) {
    if (below(random, 40) === 0) world.split(world.nodes.slice(0, 1 + below(random, 9)))
    if (below(random, 20) === 0) world.heal()
    if (below(random, 40) === 0) pick().crash()
    const down = world.nodes.find(({ isUp }) => !isUp)
    if (down !== undefined && below(random, 20) === 0) {
      down.restart()
      listen(down)
    }
    const from = pick()
    if (from.isUp) send(from, pick())
    world.runFor(50)
  }
  world.heal()
  world.runFor(10_000)
  for (const { isUp, gossip } of world.nodes) {
    if (!isUp) continue
    const { dialled, answered, failed, faults } = gossip.stats.peers
    expect(answered + failed).toBeGreaterThanOrEqual(dialled)
    expect(
      Object.entries(faults).filter(([fault, count]) => fault !== 'truncated' && count > 0),
    ).toEqual([])
  }
  return { sent, log }
}

describe('messages in a storm', () => {
  test.each([1, 2, 3, 4])('seed %i', (seed) => {
    const { sent, log } = storm(seed)
    const seen = new Set<string>()
    for (const { outcomes, heard } of sent) {
      expect(outcomes).toHaveLength(1)
      const [outcome] = outcomes
      seen.add(outcome!)
      expect(heard).toBeLessThanOrEqual(1)
      if (outcome === 'delivered') expect(heard).toBe(1)
      if (outcome === 'unreachable') expect(heard).toBe(0)
    }
    expect([...seen]).toEqual(expect.arrayContaining(['delivered', 'timed-out', 'unreachable']))
    if (seed === 1) expect(storm(seed).log).toEqual(log)
  })
})

test('64 messages of one node are under way at once, and never more', () => {
  const options = { bootstrapHosts: ['cluster.sim'], tags }
  const world = new World({ seed: 7, nodes: 2, latencyMs: [50, 100], options })
  world.runFor(2_000)
  const [ann, bob] = world.nodes as [SimNode, SimNode]
  bob.gossip.peerMessages.receive(TOPIC, () => undefined)
  for (let i = 0; i < 500; i++) {
    ann.gossip.peerMessages.send('node-1', TOPIC, new Uint8Array(100), { deadlineMs: 60_000 })
  }
  const underWay = () => {
    const { dialled, answered, failed } = ann.gossip.stats.peers
    return dialled - answered - failed
  }
  const seen: number[] = []
  world.runUntil(() => {
    seen.push(underWay())
    return ann.gossip.stats.peers.answered === 500
  }, 60_000)
  expect(Math.max(...seen)).toBe(64)
  expect(bob.gossip.stats.peers).toMatchObject({ served: 500, refused: 0 })
})

describe('a body of 16 MiB and a slow reader', () => {
  const PIECES = 256

  async function run(direction: 'request' | 'reply') {
    const options = { bootstrapHosts: ['cluster.sim'], tags }
    const world = new World({ seed: 8, nodes: 2, options })
    world.runFor(2_000)
    const [ann, bob] = world.nodes.map(({ gossip }) => gossip) as [
      SimNode['gossip'],
      SimNode['gossip'],
    ]
    let produced = 0
    let consumed = 0
    let mostBuffered = 0
    const pieces = async function* () {
      for (let piece = 0; piece < PIECES; piece++) {
        produced += 65_536
        mostBuffered = Math.max(mostBuffered, produced - consumed)
        yield new Uint8Array(65_536).fill(piece)
        await Promise.resolve()
      }
    }
    const slowly = async (body: AsyncIterable<Uint8Array>) => {
      for await (const chunk of body) {
        expect(chunk.every((byte) => byte === (consumed >> 16) % 256)).toBe(true)
        consumed += chunk.length
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    bob.peers.serve('upload', async ({ body }) => await slowly(body))
    bob.peers.serve('download', () => pieces())
    const deadlineMs = 600_000
    const asking = async () => {
      if (direction === 'request') {
        const reply = await ann.peers.request('node-1', 'upload', pieces(), { deadlineMs })
        await reply.bytes()
      } else {
        const reply = await ann.peers.request('node-1', 'download', undefined, { deadlineMs })
        await slowly(reply.body)
      }
      return 'done'
    }
    let outcome: unknown
    asking().then(
      (done) => (outcome = done),
      (error: unknown) => (outcome = error),
    )
    while (outcome === undefined) {
      world.runFor(20)
      await turn()
    }
    expect([outcome, consumed]).toEqual(['done', PIECES * 65_536])
    return mostBuffered
  }

  test.each(['request', 'reply'] as const)(
    'a %s keeps within its window, and comes through whole',
    async (direction) => {
      const mostBuffered = await run(direction)
      expect(mostBuffered).toBeLessThanOrEqual(BUFFERED_BYTES_MAX)
      expect(mostBuffered).toBeGreaterThan(200_000)
    },
  )
})

test('a reader that stops altogether holds one window, and nothing else waits for it', async () => {
  const world = new World({ seed: 9, nodes: 2, options: { bootstrapHosts: ['cluster.sim'], tags } })
  world.runFor(2_000)
  const [ann, bob] = world.nodes as [SimNode, SimNode]
  let taken = 0
  bob.gossip.peers.serve('endless', async function* () {
    for (;;) {
      taken++
      yield new Uint8Array(65_536)
      await Promise.resolve()
    }
  })
  bob.gossip.peerMessages.receive(TOPIC, () => undefined)
  const asked = ann.gossip.peers.request('node-1', 'endless', undefined, { deadlineMs: 60_000 })
  for (let i = 0; i < 200; i++) {
    world.runFor(100)
    await turn()
  }
  expect(taken).toBe(5)
  const outcomes: string[] = []
  ann.gossip.peerMessages.send('node-1', TOPIC, new Uint8Array(1), {
    deadlineMs: 1_000,
    onOutcome: ({ type }) => void outcomes.push(type),
  })
  world.runFor(100)
  expect(outcomes).toEqual(['delivered'])
  world.runFor(60_000)
  const reply = await asked
  await expect(reply.bytes()).rejects.toMatchObject({ code: 'LIBRING_PEER_TIMEOUT' })
})
