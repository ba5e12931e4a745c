import { once } from 'node:events'
import { connect } from 'node:net'
import { createHash, randomBytes } from 'node:crypto'
import { createGossipNode, type GossipNode, type GossipOptions } from 'libring/serf'
import { afterEach, describe, expect, test } from 'vitest'
import { loopbackAddresses } from '../support/loopback.ts'

const loopback = loopbackAddresses()
const nodes: GossipNode[] = []
const KEY = randomBytes(32).toString('base64')
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString()

afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.stop()))
})

async function started(name: string, options: GossipOptions = {}): Promise<GossipNode> {
  const node = createGossipNode({
    hostName: name,
    bind: `${loopback.next()}:7946`,
    profile: 'local',
    tags: { libring: '1' },
    ...options,
  })
  nodes.push(node)
  await node.start()
  return node
}

async function pair(options: GossipOptions = {}): Promise<[GossipNode, GossipNode]> {
  const ann = await started('ann', options)
  const bob = await started('bob', options)
  await bob.join([ann.bound.host])
  await expect.poll(() => ann.members().length, { timeout: 30_000 }).toBe(2)
  return [ann, bob]
}

describe.each<[string, GossipOptions]>([
  ['in clear', {}],
  ['with a label', { label: 'blue' }],
  ['with keys', { keyring: [KEY] }],
  ['with keys and a label', { keyring: [KEY], label: 'blue' }],
])('over real sockets, %s', (_, options) => {
  test('a request is answered', async () => {
    const [ann, bob] = await pair(options)
    bob.peers.serve('echo', async ({ from, bytes }) =>
      Buffer.from(`${from}: ${text(await bytes())}`),
    )
    const reply = await ann.peers.request('bob', 'echo', Buffer.from('hello'))
    expect(text(await reply.bytes())).toBe('ann: hello')
  })

  test('16 MiB come through whole at the pace of a slow reader, one window under way', async () => {
    const [ann, bob] = await pair(options)
    const sum = createHash('sha256')
    let produced = 0
    let consumed = 0
    let mostBuffered = 0
    bob.peers.serve('upload', async ({ body }) => {
      const seen = createHash('sha256')
      for await (const chunk of body) {
        seen.update(chunk)
        consumed += chunk.length
        if (consumed % 1_048_576 === 0) await new Promise((resolve) => setTimeout(resolve, 5))
      }
      return seen.digest()
    })
    async function* pieces() {
      for (let piece = 0; piece < 256; piece++) {
        const bytes = randomBytes(65_536)
        sum.update(bytes)
        produced += bytes.length
        mostBuffered = Math.max(mostBuffered, produced - consumed)
        yield bytes
        await Promise.resolve()
      }
    }
    const reply = await ann.peers.request('bob', 'upload', pieces(), { deadlineMs: 120_000 })
    expect(text(await reply.bytes())).toBe(text(sum.digest()))
    expect(consumed).toBe(16_777_216)
    expect(mostBuffered).toBeLessThanOrEqual(263_168 + 65_536)
  })

  test('100 requests at once are all answered', async () => {
    const [ann, bob] = await pair(options)
    bob.peers.serve('echo', ({ body }) => body)
    const answers = await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        const reply = await ann.peers.request('bob', 'echo', Buffer.from(`${index}`))
        return text(await reply.bytes())
      }),
    )
    expect(answers).toEqual(Array.from({ length: 100 }, (_, index) => `${index}`))
  })
})

test('an abort is heard at the other end', async () => {
  const [ann, bob] = await pair()
  const signals: AbortSignal[] = []
  bob.peers.serve('jobs', ({ signal }) => {
    signals.push(signal)
    return new Promise(() => {})
  })
  const controller = new AbortController()
  const asked = ann.peers.request('bob', 'jobs', undefined, { signal: controller.signal })
  asked.catch(() => {})
  await expect.poll(() => signals.length).toBe(1)
  controller.abort('enough')
  await expect(asked).rejects.toBe('enough')
  await expect.poll(() => signals[0]?.aborted).toBe(true)
})

test('an address where nobody listens is told from a member that fails', async () => {
  const [ann, bob] = await pair({ probeIntervalMs: 60_000 })
  bob.peers.serve('jobs', () => {
    throw new Error('boom')
  })
  await expect(ann.peers.request('bob', 'jobs')).rejects.toMatchObject({
    code: 'LIBRING_PEER_FAILED',
  })
  await bob.stop()
  await expect(ann.peers.request('bob', 'jobs')).rejects.toMatchObject({
    code: 'LIBRING_PEER_UNREACHABLE',
  })
})

test('a member with other keys, and rubbish, is dropped and counted', async () => {
  const [ann] = await pair({ keyring: [KEY] })
  const ended = async (bytes: Uint8Array) => {
    const socket = connect(7_946, ann.bound.host)
    socket.on('error', () => {})
    socket.write(bytes)
    await once(socket.resume(), 'close')
  }
  await ended(Uint8Array.of(245, 0, 0, 0, 0, 1, 3))
  await ended(Uint8Array.of(245, 10, 0, 0, 0, 30, 1, ...randomBytes(29)))
  await ended(Uint8Array.of(245, 99, 0, 0, 0, 1))
  expect(ann.stats.peers.faults).toMatchObject({ unsealed: 1, key: 1, 'unknown-type': 1 })
  expect(ann.stats.swim.faults['unknown-type']).toBe(0)
})

test('a node that stops leaves no socket open', async () => {
  const handles = () => process.getActiveResourcesInfo().filter((name) => /TCP|UDP/.test(name))
  const [ann, bob] = await pair()
  bob.peers.serve('jobs', () => new Promise(() => {}))
  const asked = Array.from({ length: 20 }, () => ann.peers.request('bob', 'jobs'))
  for (const one of asked) one.catch(() => {})
  await expect.poll(() => bob.stats.peers.served).toBe(20)
  await Promise.all([ann.stop(), bob.stop()])
  for (const one of asked) await expect(one).rejects.toMatchObject({ code: expect.any(String) })
  await expect.poll(handles, { timeout: 30_000 }).toEqual([])
})
