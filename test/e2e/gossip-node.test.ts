import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { hostname } from 'node:os'
import { setImmediate as turnOfTheLoop } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import type { GossipNode } from '../../packages/libring/src/gossip/gossip-node.ts'
import type { GossipOptions } from '../../packages/libring/src/gossip/options.ts'
import { createGossipNode } from '../../packages/libring/src/runtime/gossip.ts'
import { loopbackAddresses } from '../support/loopback.ts'
import { reapWithUs } from '../support/reaper.ts'
import { LogBook } from '../support/simulated-node.ts'

const loopback = loopbackAddresses()
const nodes: GossipNode[] = []

afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.stop()))
})

/** A node on an address of its own, quick to notice what happens. */
function create(name: string, options: GossipOptions = {}, logger = new LogBook()): GossipNode {
  const node = createGossipNode(
    {
      hostName: name,
      bind: `${loopback.next()}:7946`,
      profile: 'local',
      probeIntervalMs: 200,
      probeTimeoutMs: 100,
      leavePropagateDelayMs: 100,
      ...options,
    },
    { logger },
  )
  nodes.push(node)
  return node
}

async function started(name: string, options: GossipOptions = {}): Promise<GossipNode> {
  const node = create(name, options)
  await node.start()
  return node
}

function eventually<T>(look: () => T): ReturnType<typeof expect.poll<T>> {
  return expect.poll(look, { interval: 20, timeout: 60_000 })
}
const statuses = (node: GossipNode) =>
  Object.fromEntries(node.members().map(({ name, status }) => [name, status]))
const tagsOf = (name: string, node: GossipNode) =>
  node.members().find((member) => member.name === name)?.tags

describe('two nodes over real sockets', () => {
  test('join, and see each other with address and tags', async () => {
    const ann = await started('ann', { tags: { ring: 'active' } })
    const bob = await started('bob')
    expect(await bob.join([`${ann.bound.host}:7946`])).toBe(1)
    await eventually(() => statuses(ann)).toEqual({ ann: 'alive', bob: 'alive' })
    expect(bob.members()).toContainEqual({
      name: 'ann',
      host: ann.bound.host,
      port: 7_946,
      tags: { ring: 'active' },
      status: 'alive',
    })
  })

  test('hear of new tags', async () => {
    const ann = await started('ann')
    const bob = await started('bob')
    await bob.join([ann.bound.host])
    await ann.setTags({ state: 'draining' })
    await eventually(() => tagsOf('ann', bob)).toEqual({ state: 'draining' })
  })

  test('tell a farewell from a failure', async () => {
    const ann = await started('ann')
    const [bob, cat] = [await started('bob'), await started('cat')]
    await bob.join([ann.bound.host])
    await cat.join([ann.bound.host])
    await eventually(() => Object.keys(statuses(bob))).toHaveLength(3)
    await bob.leave()
    await bob.stop()
    await cat.stop()
    await eventually(() => statuses(ann)).toEqual({ ann: 'alive', bob: 'left', cat: 'failed' })
  })

  test('find each other by their bootstrap hosts, whoever is first', async () => {
    const bobHost = loopback.next()
    const ann = await started('ann', { bootstrapHosts: [`${bobHost}:7946`] })
    expect(ann.expectsOthers).toBe(true)
    await started('bob', { bind: `${bobHost}:7946` })
    await eventually(() => statuses(ann)).toEqual({ ann: 'alive', bob: 'alive' })
  })

  test('with compression off on one side understand each other', async () => {
    const ann = await started('ann', { compression: false, tags: { note: 'a'.repeat(300) } })
    const bob = await started('bob')
    await bob.join([ann.bound.host])
    expect(tagsOf('ann', bob)).toEqual({ note: 'a'.repeat(300) })
    await eventually(() => statuses(ann)).toEqual({ ann: 'alive', bob: 'alive' })
  })
})

describe('addresses', () => {
  test('any free port will do', async () => {
    const ann = await started('ann', { bind: '127.0.0.1:0' })
    const bob = await started('bob', { bind: '127.0.0.1:0' })
    expect(await bob.join([`127.0.0.1:${ann.bound.port}`])).toBe(1)
  })

  test('bound to all, a node advertises one that others can reach', async () => {
    const ann = await started('ann', { bind: '0.0.0.0:0' })
    expect(ann.advertised.host).not.toBe('0.0.0.0')
    expect(ann.advertised.port).toBe(ann.bound.port)
  })

  test('IPv4 and IPv6 nodes meet at one that listens to both', async ({ skip }) => {
    const both = create('both', { bind: '[::]:0', advertise: '127.0.0.1' })
    const hasIpv6 = await both.start().then(
      () => true,
      () => false,
    )
    if (!hasIpv6) skip('this machine has no IPv6')
    const four = await started('four', { bind: '127.0.0.1:0' })
    expect(await four.join([`127.0.0.1:${both.bound.port}`])).toBe(1)
    await eventually(() => statuses(both)).toEqual({ both: 'alive', four: 'alive' })
    // Pings go from the socket for both to an IPv4 address, and are answered there.
    await eventually(() => both.stats.swim.probes).toBeGreaterThan(3)
    expect(statuses(both)).toEqual({ both: 'alive', four: 'alive' })
    // None was lost, to be made up for over a stream.
    expect(both.stats.swim).toMatchObject({ probesFailed: 0, probesSavedByStream: 0 })
  })

  test('the name of the machine is the default name', () => {
    expect(createGossipNode().localName).toBe(hostname())
  })

  test.each(['streams', 'datagrams'])(
    'a port in use for %s is an error, and nothing stays open',
    async (what) => {
      const host = loopback.next()
      const blocker = what === 'streams' ? createServer() : createSocket('udp4')
      if ('listen' in blocker) blocker.listen(7_946, host)
      else blocker.bind(7_946, host)
      await once(blocker, 'listening')
      const node = create('ann', { bind: `${host}:7946` })
      await expect(node.start()).rejects.toMatchObject({
        code: 'LIBRING_BIND_FAILED',
        address: `${host}:7946`,
        cause: { code: 'EADDRINUSE' },
      })
      blocker.close()
      await once(blocker, 'close')
      await node.start()
      expect(node.status).toBe('alive')
    },
  )

  test('an address that is not of this machine is an error', async () => {
    const node = create('ann', { bind: '192.0.2.1:7946' })
    await expect(node.start()).rejects.toMatchObject({
      code: 'LIBRING_BIND_FAILED',
      cause: { code: 'EADDRNOTAVAIL' },
    })
  })
})

describe('strangers', () => {
  test('that connect and say nothing keep nobody out, and are dropped', async () => {
    const ann = await started('ann', { streamTimeoutMs: 3_000 })
    const sockets = Array.from({ length: 130 }, () => connect(7_946, ann.bound.host).resume())
    const closed = sockets.map((socket) =>
      once(
        socket.on('error', () => {}),
        'close',
      ),
    )
    await Promise.all(sockets.map((socket) => once(socket, 'connect')))
    const bob = await started('bob')
    expect(await bob.join([ann.bound.host])).toBe(1)
    expect(ann.stats.streamsTimedOut).toBe(0)

    await Promise.all(closed)
    expect(ann.stats.streamsRefused + ann.stats.streamsTimedOut).toBe(130)
    expect(ann.stats.streamsRefused).toBeGreaterThanOrEqual(2)
  })

  test('that send rubbish are answered with an error, and counted', async () => {
    const ann = await started('ann', { compression: false })
    const socket = connect(7_946, ann.bound.host)
    socket.write(Uint8Array.of(99, 1, 2, 3))
    const [answer] = (await once(socket, 'data')) as [Uint8Array]
    expect(answer[0]).toBe(13)
    socket.end()
    await once(socket, 'close')
    expect(ann.stats.swim.faults['unknown-type']).toBe(1)
  })
})

describe('the process', () => {
  const handles = () => process.getActiveResourcesInfo().filter((name) => /TCP|UDP/.test(name))

  test('holds no socket of a node that is stopped', async () => {
    const ann = await started('ann')
    const bob = await started('bob', { bootstrapHosts: [ann.bound.host, 'no-such-name.invalid'] })
    await eventually(() => statuses(ann)).toEqual({ ann: 'alive', bob: 'alive' })
    const stranger = connect(7_946, ann.bound.host).on('error', () => {})
    await once(stranger, 'connect')
    expect(handles()).toEqual(expect.arrayContaining(['TCPServerWrap', 'UDPWrap']))
    await Promise.all([ann.stop(), bob.stop()])
    if (!stranger.destroyed) await once(stranger.resume(), 'close')
    await eventually(handles).toEqual([])
  })

  test('has no timer left, and ends by itself, once its node has stopped', async () => {
    const bind = `${loopback.next()}:7946`
    const program = `
      import { createGossipNode } from 'libring/serf'
      const node = createGossipNode({ hostName: 'ann', bind: '${bind}', bootstrapHosts: ['127.0.0.1:1'] })
      await node.start()
      await node.setTags({ a: '1' })
      await node.leave()
      await node.stop()
      console.log(process.getActiveResourcesInfo().filter((name) => name === 'Timeout'))
    `
    const child = spawn(
      process.execPath,
      ['--conditions=libring-source', '--import', 'tsx', '--input-type=module', '--eval', program],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    reapWithUs(child)
    const output: string[] = []
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk.toString()))
    const [code] = (await once(child, 'exit')) as [number | null]
    expect([output.join(''), code]).toEqual(['[]\n', 0])
  })
})

test('a program that keeps the event loop busy accuses nobody for that, and knows it was held up', async () => {
  // The profile's own times: a machine that does other things as well is not to be taken for dead.
  const patient: GossipOptions = { probeIntervalMs: 1_000, probeTimeoutMs: 500 }
  const ann = await started('ann', patient)
  const [bob, cat] = [await started('bob', patient), await started('cat', patient)]
  await bob.join([ann.bound.host])
  await cat.join([ann.bound.host])
  const all = [ann, bob, cat]
  await eventually(() => all.map((node) => node.members().length)).toEqual([3, 3, 3])
  const told: string[] = []
  for (const node of all) node.subscribe(({ type }) => void told.push(type))

  // A ping is on its way, and its answer not there yet.
  const probes = ann.stats.swim.probes
  while (ann.stats.swim.probes === probes) await turnOfTheLoop()
  const failed = ann.stats.swim.probesFailed
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3_000)
  await turnOfTheLoop()

  expect(ann.stats.swim.stalls).toBeGreaterThan(0)
  const after = ann.stats.swim.probes
  await eventually(() => ann.stats.swim.probes - after).toBeGreaterThanOrEqual(2)
  expect(ann.stats.swim.probesFailed).toBe(failed)
  expect(told).toEqual([])
})
