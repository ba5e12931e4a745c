import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { Cluster } from 'libring'
import { createRouter, type RouterCluster } from 'libring/http'
import { FakeCluster } from '../../support/fake-cluster.ts'
import { loopbackAddresses } from '../../support/loopback.ts'
import { rawExchange, requestText } from '../../support/raw-http.ts'
import {
  pathOwnedBy,
  routedMembers,
  stopRouted,
  type RoutedMember,
  type RoutedSetup,
} from '../../support/routed-cluster.ts'

const PATIENCE = { timeout: 60_000 }
const loopback = loopbackAddresses()
const members: RoutedMember[] = []

afterEach(async () => {
  await stopRouted(members.splice(0))
})

async function start(setup: Partial<RoutedSetup>): Promise<readonly [RoutedMember, RoutedMember]> {
  members.push(...(await routedMembers({ names: ['ann', 'bob'], ...setup })))
  return [members[0]!, members[1]!]
}

describe('connections to members', () => {
  test('are kept, also after an answer to HEAD', async () => {
    const [ann, bob] = await start({})
    let connections = 0
    bob.server.on('connection', () => connections++)
    const url = ann.origin + pathOwnedBy(ann, 'bob')
    for (const method of ['GET', 'HEAD', 'POST', 'HEAD', 'GET']) {
      await (await fetch(url, { method })).text()
    }
    expect(connections).toBe(1)
  })

  test('close when the router does, which then answers 503', async () => {
    const [ann, bob] = await start({})
    const url = ann.origin + pathOwnedBy(ann, 'bob')
    await (await fetch(url)).text()
    expect(ann.router.stats().pools).toBe(1)
    await Promise.all([ann.router.close(), ann.router.close()])
    await expect
      .poll(
        () => new Promise((resolve) => bob.server.getConnections((_, count) => resolve(count))),
        PATIENCE,
      )
      .toBe(0)
    expect((await fetch(url)).status).toBe(503)
    expect(ann.router.stats().pools).toBe(0)
  })

  test('close when their member leaves', async () => {
    const open = async (name: string, seeds: readonly string[]): Promise<Cluster> => {
      const cluster = new Cluster({
        hostName: name,
        bootstrapHosts: seeds,
        partitions: 16,
        settleMs: 50,
        serf: { bind: `${loopback.next()}:7946`, profile: 'local', tags: { http: String(port) } },
      })
      await cluster.start()
      return cluster
    }
    const server = createServer((_request, response) => response.end('served'))
    // Nobody closes them because they are idle.
    server.keepAliveTimeout = 600_000
    server.listen(0, '0.0.0.0')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const ann = await open('ann', [])
    const bob = await open('bob', [`${ann.localMember!.host}:7946`])
    await Promise.all([ann, bob].map((cluster) => cluster.ready({ members: 2 })))
    const router = createRouter(ann, {
      keyOf: (request) => request.url,
      serve: (_request, response) => void response.end('here'),
      maxEventLoopDelayMs: 0,
    })
    const front = createServer(router).listen(0, '127.0.0.1')
    await once(front, 'listening')
    const origin = `http://127.0.0.1:${(front.address() as AddressInfo).port}`
    for (let at = 0; router.stats().pools === 0; at++) await (await fetch(`${origin}/${at}`)).text()

    await bob.drain()
    await expect.poll(() => router.stats().pools, PATIENCE).toBe(0)
    await expect
      .poll(
        () => new Promise((resolve) => server.getConnections((_, count) => resolve(count))),
        PATIENCE,
      )
      .toBe(0)
    front.closeAllConnections()
    front.close()
    server.close()
    await router.close()
    await ann.stop({ signal: AbortSignal.abort() })
  })
})

describe('where a request came from', () => {
  test('is added to what a proxy of ours has said', async () => {
    let got: NodeJS.Dict<string | string[]> = {}
    const [ann] = await start({
      router: {
        trustForwarded: true,
        serve: (request, response) => {
          got = request.headers
          response.end()
        },
      },
    })
    const said = {
      'x-forwarded-for': '10.0.0.9',
      forwarded: 'for=10.0.0.9',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'shop.example',
    }
    await rawExchange(ann.origin, requestText(pathOwnedBy(ann, 'bob'), said))
    expect(got).toMatchObject({
      'x-forwarded-for': '10.0.0.9, 127.0.0.1',
      forwarded: 'for=10.0.0.9, for=127.0.0.1;host="test";proto=http',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'shop.example',
    })
  })

  test('is not believed of a client, where its request is served as well', async () => {
    const got: unknown[] = []
    const [ann] = await start({
      router: {
        serve: (request, response) => {
          got.push(request.headers['x-forwarded-for'], request.headers['x-other'])
          response.end()
        },
      },
    })
    const made = { 'x-forwarded-for': '6.6.6.6', 'x-other': 'word' }
    await rawExchange(ann.origin, requestText(pathOwnedBy(ann, 'ann'), made))
    expect(got).toEqual([undefined, 'word'])
  })
})

/** A cluster whose stalls the test tells. */
class StallingCluster extends FakeCluster implements RouterCluster {
  readonly #listeners: (() => void)[] = []

  on(type: string, listener: (event: never) => void): () => void {
    if (type === 'stalled') this.#listeners.push(listener as () => void)
    return () => {}
  }

  async runPartitions(): Promise<void> {
    await Promise.resolve()
  }

  stall(): void {
    this.state = { holders: ['ann'], local: { replica: 0, isValid: false } }
    for (const listener of this.#listeners) listener()
  }
}

test('a process that was stopped for too long serves nothing more, and what it serves is told', async () => {
  const cluster = new StallingCluster({ holders: ['ann'], local: { replica: 0 } })
  const signals: AbortSignal[] = []
  const router = createRouter(cluster, {
    keyOf: () => 'k',
    acquireWaitMs: 0,
    maxEventLoopDelayMs: 0,
    serve: (_request, response, { signal }) => {
      signals.push(signal)
      response.write('begun')
    },
  })
  const server = createServer(router).listen(0, loopback.next())
  await once(server, 'listening')
  const { address, port } = server.address() as AddressInfo
  const url = `http://${address}:${port}`
  const response = await fetch(url)
  expect(signals.map(({ aborted }) => aborted)).toEqual([false])
  cluster.stall()
  expect(signals.map(({ aborted }) => aborted)).toEqual([true])
  expect((await fetch(url)).status).toBe(503)
  expect(signals).toHaveLength(1)
  await response.body?.cancel()
  await router.close()
  server.closeAllConnections()
  server.close()
})
