import { once } from 'node:events'
import { Agent, createServer, get, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { Cluster } from 'libring'
import { createFetch, createRouter, type Router } from 'libring/http'
import { loopbackAddresses } from '../../support/loopback.ts'

// Members over real gossip, in this process, with requests all the while.

const PATIENCE = { interval: 20, timeout: 60_000 }
const PATHS = Array.from({ length: 100 }, (_, at) => `/carts/${at}`)

const loopback = loopbackAddresses()
const cleanups: (() => Promise<unknown>)[] = []

afterEach(async () => {
  await Promise.all(cleanups.splice(0).map((cleanup) => cleanup()))
})

interface Member {
  readonly name: string
  readonly cluster: Cluster
  readonly router: Router
  readonly server: Server
  readonly origin: string
  readonly gossip: string
  /** What requests that are served here wait for. */
  gate: Promise<void> | undefined
  /** After the cluster has ended: no more requests come, and none is left. */
  close(): Promise<void>
}

/** Who serves which partition at this moment, so that no two do. */
class Ledger {
  readonly faults: string[] = []
  readonly #holders = new Map<number, string>()

  take(partition: number, name: string): void {
    const holder = this.#holders.get(partition)
    if (holder !== undefined) this.faults.push(`${partition}: ${name} took it from ${holder}`)
    this.#holders.set(partition, name)
  }

  drop(partition: number): void {
    this.#holders.delete(partition)
  }

  serve(partition: number, name: string): void {
    const holder = this.#holders.get(partition)
    if (holder !== name) this.faults.push(`${partition}: ${name} served what ${holder} holds`)
  }
}

async function join(
  name: string,
  ledger: Ledger,
  seeds: readonly string[],
  part: 'takes part' | 'only looks on' = 'takes part',
  settleMs = 200,
): Promise<Member> {
  const host = loopback.next()
  const gossip = `${host}:7946`
  const server = createServer().listen(0, host)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const cluster = new Cluster({
    hostName: name,
    bootstrapHosts: seeds,
    partitions: 64,
    redundancy: 2,
    settleMs,
    watchTags: { ring: /^active$/ },
    serf: {
      bind: gossip,
      profile: 'local',
      tags: { http: String(port), ...(part === 'takes part' ? { ring: 'active' } : {}) },
    },
    onAcquire: ({ partition, replica }) => void (replica === 0 && ledger.take(partition, name)),
    onChange: ({ partition, replica, previousReplica }) => {
      if (previousReplica === 0) ledger.drop(partition)
      if (replica === 0) ledger.take(partition, name)
    },
    onRelease: ({ partition, replica }) => void (replica === 0 && ledger.drop(partition)),
  })
  const router = createRouter(cluster, {
    keyOf: (request) => request.url,
    serve: async (_request, response, { partition }) => {
      ledger.serve(partition, name)
      // Work that takes its time, so that partitions move in the midst of it.
      await new Promise((resolve) => setTimeout(resolve, 5))
      await member.gate
      ledger.serve(partition, name)
      response.end(name)
    },
    acquireWaitMs: 10_000,
    maxEventLoopDelayMs: 0,
  })
  router.attach(server)
  await cluster.start()
  const close = async (): Promise<void> => {
    await router.shutdown(server)
  }
  const origin = `http://${host}:${port}`
  const member: Member = { name, cluster, router, server, origin, gossip, gate: undefined, close }
  cleanups.push(async () => {
    server.closeAllConnections()
    server.close()
    await router.close()
    await cluster.stop({ signal: AbortSignal.abort() })
  })
  return member
}

async function settled(...members: readonly Member[]): Promise<void> {
  const names = members.map(({ name }) => name).sort()
  await expect
    .poll(() => members.map(({ cluster }) => cluster.members.map(({ name }) => name)), PATIENCE)
    .toEqual(members.map(() => names))
  // Each partition is served by the one that the ring names.
  await expect
    .poll(
      () =>
        Array.from({ length: 64 }, (_, partition) =>
          members
            .filter(({ cluster }) => cluster.localRole(partition)?.isServing)
            .map(({ name }) => name)
            .join(),
        ),
      PATIENCE,
    )
    .toEqual(
      Array.from({ length: 64 }, (_, at) => members[0]!.cluster.holdersForPartition(at)[0]!.name),
    )
}

test('while members drain and come back, every request is answered by whoever holds its key', async () => {
  const ledger = new Ledger()
  const ann = await join('ann', ledger, [])
  const bob = await join('bob', ledger, [ann.gossip])
  const cat = await join('cat', ledger, [ann.gossip])
  // One that holds nothing, and forwards everything.
  const dan = await join('dan', ledger, [ann.gossip], 'only looks on')
  await settled(ann, bob, cat)
  await dan.cluster.ready({ members: 3 })

  const outcomes = new Map<string, number>()
  let isOver = false
  const ask = createFetch(ann.cluster, { acquireWaitMs: 10_000 })
  cleanups.push(() => ask.close())
  // Some come by a router, and some by a client that knows the ring.
  const clients = [
    (path: string) => fetch(ann.origin + path),
    (path: string) => fetch(dan.origin + path),
    (path: string) => ask(path, { key: path }),
  ].map(async (send, client) => {
    for (let at = client; !isOver; at++) {
      const response = await send(PATHS[at % PATHS.length]!).catch((error: unknown) => error)
      const outcome = response instanceof Response ? response.status : String(response)
      if (response instanceof Response) await response.text()
      const why = response instanceof Response ? (response.headers.get('libring-error') ?? '') : ''
      const key = `${outcome} ${why}`.trim()
      outcomes.set(key, (outcomes.get(key) ?? 0) + 1)
    }
  })

  await bob.cluster.drain()
  await bob.close()
  await settled(ann, cat)
  const again = await join('bob', ledger, [ann.gossip])
  await settled(ann, again, cat)
  await cat.cluster.drain()
  await cat.close()
  await settled(ann, again)
  // However slow the machine is: there has to be something to judge by.
  await expect.poll(() => outcomes.get('200') ?? 0, PATIENCE).toBeGreaterThan(300)
  await expect.poll(() => dan.router.stats().forwarded, PATIENCE).toBeGreaterThan(100)
  isOver = true
  await Promise.all(clients)

  expect([...outcomes.keys()]).toEqual(['200'])
  expect(ledger.faults).toEqual([])
  expect(again.router.stats().servedForwarded).toBeGreaterThan(0)
  const { served, servedForwarded } = dan.router.stats()
  expect([served, servedForwarded]).toEqual([0, 0])
})

test('a request for a member that has left waits until the ring says so', async () => {
  const ledger = new Ledger()
  const ann = await join('ann', ledger, [])
  const bob = await join('bob', ledger, [ann.gossip])
  // Its ring is behind for long after bob has gone.
  const dan = await join('dan', ledger, [ann.gossip], 'only looks on', 4_000)
  await settled(ann, bob)
  await dan.cluster.ready({ members: 2 })
  const path = PATHS.find((each) => dan.cluster.ownerForKey(each)?.name === 'bob')!

  await bob.cluster.drain()
  await bob.close()
  await expect.poll(() => dan.cluster.memberNamed('bob')?.status, PATIENCE).toBe('left')
  expect(dan.cluster.ownerForKey(path)?.name).toBe('bob')
  const response = await fetch(dan.origin + path)
  expect([response.status, await response.text()]).toEqual([200, 'ann'])
  expect(dan.router.stats().unreachable).toBeGreaterThan(0)
})

describe('a member that drains', () => {
  test('serves those who keep their connection elsewhere, and has them come by another', async () => {
    const ledger = new Ledger()
    const ann = await join('ann', ledger, [])
    const bob = await join('bob', ledger, [ann.gossip])
    await settled(ann, bob)
    const path = PATHS.find((each) => bob.cluster.ownerForKey(each)?.name === 'bob')!
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    cleanups.push(() => Promise.resolve(agent.destroy()))
    const names = new Set<string>()
    const first = await answerOf(bob.origin + path, agent)
    expect([first.status, first.text]).toEqual([200, 'bob'])

    const drained = bob.cluster.drain()
    for (;;) {
      const { status, text, connection, socket } = await answerOf(bob.origin + path, agent)
      expect([status, text, socket === first.socket]).toEqual([200, expect.any(String), true])
      names.add(text)
      if (connection === 'close') break
    }
    await drained
    await bob.close()
    expect([...names].sort()).toEqual(['ann', 'bob'])
    expect(bob.server.listening).toBe(false)
  })

  test('closes what is idle, and ends what is under way', async () => {
    const ledger = new Ledger()
    const ann = await join('ann', ledger, [])
    const bob = await join('bob', ledger, [ann.gossip])
    await settled(ann, bob)
    const path = PATHS.find((each) => ann.cluster.ownerForKey(each)?.name === 'ann')!
    const agent = new Agent({ keepAlive: true })
    cleanups.push(() => Promise.resolve(agent.destroy()))
    const idle = await answerOf(bob.origin + path, agent)
    const isClosed = once(idle.socket, 'close')

    let letGo = (): void => {}
    ann.gate = new Promise((resolve) => (letGo = resolve))
    const slow = answerOf(bob.origin + path)
    await expect.poll(() => ann.router.stats().inFlight, PATIENCE).toBe(1)
    await bob.cluster.drain()
    let isOver = false
    const closing = bob.close().then(() => (isOver = true))
    await isClosed
    expect([isOver, bob.router.stats().inFlight]).toEqual([false, 1])
    letGo()
    expect(await slow).toMatchObject({ status: 200, text: 'ann' })
    await closing
    expect(ann.router.stats().abandoned).toBe(0)
  })

  test('cuts what is under way once the time for it is over', async () => {
    const ledger = new Ledger()
    const ann = await join('ann', ledger, [])
    ann.gate = new Promise(() => {})
    const slow = answerOf(ann.origin + PATHS[0]!).catch((error: unknown) => String(error))
    await expect.poll(() => ann.router.stats().inFlight, PATIENCE).toBe(1)
    await ann.router.shutdown(ann.server, { timeoutMs: 50 })
    expect(await slow).toContain('socket hang up')
    await ann.router.shutdown(ann.server)
    await expect(ann.router.shutdown(ann.server, { timeoutMs: -1 })).rejects.toThrow('timeoutMs')
  })
})

async function answerOf(
  url: string,
  agent?: Agent,
): Promise<{
  readonly status: number | undefined
  readonly text: string
  readonly connection: string | undefined
  readonly socket: Socket
}> {
  const request = get(url, agent === undefined ? {} : { agent })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  const { socket } = response
  let text = ''
  for await (const chunk of response) text += String(chunk)
  return { status: response.statusCode, text, connection: response.headers.connection, socket }
}
