import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import fastify, { type FastifyInstance } from 'fastify'
import { afterEach, describe, expect, test } from 'vitest'
import { Cluster, fixedMembers } from 'libring'
import { contextOf, createMiddleware, createPlugin, createRouter } from 'libring/http'
import type { RoutedRequest } from 'libring/http'
import { loopbackAddresses } from '../../support/loopback.ts'

const loopback = loopbackAddresses()
const cleanups: (() => Promise<unknown>)[] = []

afterEach(async () => {
  await Promise.all(cleanups.splice(0).map((cleanup) => cleanup()))
})

interface Place {
  readonly name: string
  readonly cluster: Cluster
  readonly host: string
  readonly port: number
}

/** Two members, each with a port that nothing listens on yet. */
async function places(): Promise<[Place, Place]> {
  const found = await Promise.all(
    ['ann', 'bob'].map(async (name) => {
      const host = loopback.next()
      const server = createServer().listen(0, host)
      await once(server, 'listening')
      const { port } = server.address() as AddressInfo
      server.close()
      await once(server, 'close')
      return { name, host, port }
    }),
  )
  const members = found.map(({ name, host, port }) => {
    return { name, host, port: 7946, tags: { http: String(port) } }
  })
  const [ann, bob] = await Promise.all(
    found.map(async (place) => {
      const membership = fixedMembers({ self: place.name, members })
      const cluster = new Cluster({ membership, partitions: 64 })
      await cluster.start()
      cleanups.push(() => cluster.stop({ signal: AbortSignal.abort() }))
      return { ...place, cluster }
    }),
  )
  return [ann!, bob!]
}

function keyOf(request: RoutedRequest): string {
  return request.originalUrl ?? request.url!
}

function ownedBy({ cluster }: Place, name: string): string {
  for (let index = 0; ; index++) {
    if (cluster.ownerForKey(`/carts/${index}`)?.name === name) return `/carts/${index}`
  }
}

async function listen({ host, port }: Place, listener: RequestListener): Promise<void> {
  const server = createServer(listener).listen(port, host)
  await once(server, 'listening')
  cleanups.push(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
}

async function post({ host, port }: Place, path: string): Promise<unknown> {
  const response = await fetch(`http://${host}:${port}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ item: 'soap' }),
  })
  return await response.json()
}

async function expectEverywhere(both: readonly [Place, Place]): Promise<void> {
  for (const from of both) {
    for (const { name, cluster } of both) {
      const path = ownedBy(from, name)
      const partition = cluster.partitionForKey(path)
      expect(await post(from, path)).toEqual({ name, item: 'soap', partition, path })
    }
  }
}

describe('Express', () => {
  test('the middleware lets pass what is served here, and forwards the rest', async () => {
    const both = await places()
    for (const place of both) {
      const ring = createMiddleware(place.cluster, { keyOf, maxEventLoopDelayMs: 0 })
      cleanups.push(() => ring.close())
      const app = express()
      app.get('/health', (_request, response) => void response.send('well'))
      // Mounted below a path, which Express then hides from `url`.
      app.use('/carts', ring, express.json(), (request, response) => {
        const { item } = request.body as { item: string }
        const { partition } = contextOf(request)!
        response.json({ name: place.name, item, partition, path: request.originalUrl })
      })
      await listen(place, app)
    }
    await expectEverywhere(both)
    const [{ host, port }] = both
    expect(await (await fetch(`http://${host}:${port}/health`)).text()).toBe('well')
  })

  test('an application serves behind the router', async () => {
    const both = await places()
    for (const place of both) {
      const app = express()
      app.use(express.json(), (request, response) => {
        const { item } = request.body as { item: string }
        const partition = place.cluster.partitionForKey(request.url)
        response.json({ name: place.name, item, partition, path: request.url })
      })
      const router = createRouter(place.cluster, {
        keyOf,
        serve: (request, response) => void app(request, response),
        maxEventLoopDelayMs: 0,
      })
      cleanups.push(() => router.close())
      await listen(place, router)
    }
    await expectEverywhere(both)
  })

  test('a body that was read before the router is an error that says so', async () => {
    const [ann] = await places()
    const errors: unknown[] = []
    const ring = createMiddleware(ann.cluster, {
      keyOf,
      onError: (error) => errors.push(error),
      maxEventLoopDelayMs: 0,
    })
    cleanups.push(() => ring.close())
    const app = express()
    app.use(express.json(), ring)
    await listen(ann, app)
    const { host, port } = ann
    const response = await fetch(`http://${host}:${port}${ownedBy(ann, 'bob')}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"item":"soap"}',
    })
    expect([response.status, String(errors[0])]).toEqual([
      500,
      expect.stringContaining('put the router before whatever reads bodies'),
    ])
  })
})

describe('Fastify', () => {
  async function serve(place: Place): Promise<FastifyInstance> {
    const app = fastify()
    cleanups.push(() => app.close())
    app.get('/health', () => 'well')
    await app.register(async (carts) => {
      await carts.register(createPlugin(place.cluster, { keyOf, maxEventLoopDelayMs: 0 }))
      carts.post('/carts/:id', (request) => {
        const { item } = request.body as { item: string }
        const { partition } = contextOf(request.raw)!
        return { name: place.name, item, partition, path: request.url }
      })
    })
    await app.listen({ host: place.host, port: place.port })
    return app
  }

  test('the plugin lets pass what is served here, and forwards the rest', async () => {
    const both = await places()
    for (const place of both) await serve(place)
    await expectEverywhere(both)
    const [{ host, port }] = both
    expect(await (await fetch(`http://${host}:${port}/health`)).text()).toBe('well')
  })

  test('what cannot be forwarded is answered, and the server goes on', async () => {
    const [ann] = await places()
    await serve(ann)
    const { host, port } = ann
    const response = await fetch(`http://${host}:${port}${ownedBy(ann, 'bob')}`, { method: 'POST' })
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1'])
    expect(await (await fetch(`http://${host}:${port}/health`)).text()).toBe('well')
  })
})
