import { createGossipNode } from 'libring/serf'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { OPENAPI } from '../../../packages/agent/src/http-api/openapi.ts'
import type { JsonSchema } from '../../../packages/agent/src/http-api/schemas.ts'
import { readEvents } from '../../support/agent-http.ts'
import { differencesFrom } from '../../support/json-schema.ts'
import { loopbackAddresses } from '../../support/loopback.ts'
import { BEARER, startServedAgent, type ServedAgent } from '../../support/served-agent.ts'

const loopback = loopbackAddresses()
const gossip = `${loopback.next()}:7946`
let agent: ServedAgent

beforeAll(async () => {
  agent = await startServedAgent({
    name: 'anise',
    bind: gossip,
    api: { consumerTimeoutMs: 500, limits: { eventsKept: 4 } },
  })
})

afterAll(async () => {
  await agent[Symbol.asyncDispose]()
})

async function get(path: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(agent.api.url + path)
  return { status: response.status, body: await response.json() }
}

async function post(
  path: string,
  body: unknown,
  method = 'POST',
): Promise<{ status: number; body: unknown }> {
  const response = await fetch(agent.api.url + path, {
    method,
    headers: { ...BEARER, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return { status: response.status, body: await response.json() }
}

/** The schema that the description has for the answer of a route. */
function schemaOf(path: string, method: string, status: number | 'default'): JsonSchema {
  const responses = OPENAPI.paths[path]?.[method]?.['responses'] as Record<
    string,
    { content: { 'application/json': { schema: JsonSchema } } }
  >
  return responses[status]!.content['application/json'].schema
}

test('a consumer takes every partition, loses nothing over a cut, and is not waited for when it is gone', async () => {
  const { url } = agent.api
  const first = await readEvents(`${url}/v1/partitions`, BEARER)
  const { data } = await first.next(({ event }) => event === 'attached')
  const session = String(data['session'])
  await expect.poll(() => first.events.filter((e) => e.event === 'acquire').length).toBe(16)
  expect(agent.cluster.localRole(0)?.isServing).toBe(false)
  const again = await fetch(`${url}/v1/partitions`, { headers: BEARER })
  expect(again.status).toBe(409)
  expect(
    differencesFrom(schemaOf('/v1/partitions/acks', 'post', 'default'), await again.json()),
  ).toEqual([])

  const acked = await post('/v1/partitions/acks', { session, acks: [{ id: 1 }, { id: 2 }] })
  expect(acked.body).toEqual({ acknowledged: 2, unknown: [] })
  first.cut()
  const second = await readEvents(`${url}/v1/partitions?session=${session}`, {
    ...BEARER,
    'last-event-id': '10',
  })
  await expect.poll(() => second.events.filter((e) => e.event === 'acquire').length).toBe(6)
  expect(second.events.slice(1).map(({ id }) => id)).toEqual(['11', '12', '13', '14', '15', '16'])
  const rest = Array.from({ length: 14 }, (_, at) => ({ id: at + 3 }))
  await post('/v1/partitions/acks', { session, acks: rest })
  await expect.poll(() => agent.cluster.localRole(0)?.isServing).toBe(true)

  const lookup = await get('/v1/lookup/alice')
  expect(lookup.body).toMatchObject({ key: 'alice', holders: [{ name: 'anise' }] })
  const ring = await get('/v1/ring?partition=3')
  expect(ring.body).toMatchObject({ assignment: [{ partition: 3, holders: ['anise'] }] })
  const plan = await get('/v1/plan?join=basil')
  expect(plan.body).toMatchObject({ members: [{ name: 'anise', primariesOut: 7 }, {}] })

  second.cut()
  await expect.poll(() => agent.consumers.isAttached, { timeout: 10_000 }).toBe(false)
  await expect.poll(() => agent.cluster.localMember?.tags['consumer']).toBeUndefined()
  const gone = await fetch(`${url}/v1/partitions?session=${session}`, { headers: BEARER })
  expect(gone.status).toBe(410)
})

test('events are told, and told again from the last one seen; a gap says so', async () => {
  const { url } = agent.api
  const reader = await readEvents(`${url}/v1/events`)
  await reader.next(({ event }) => event === 'hello')
  const send = (name: string) => post('/v1/events', { name, payload: 'aGk=' })
  expect((await send('one')).status).toBe(202)
  const one = await reader.next(({ data }) => data['name'] === 'one')
  expect(one.data['payload']).toBe('aGk=')
  reader.cut()
  await send('two')
  await send('three')
  const resumed = await readEvents(`${url}/v1/events`, { 'last-event-id': one.id ?? '' })
  await resumed.next(({ data }) => data['name'] === 'three')
  // Of members, there may be news of the test before.
  const told = resumed.events.filter(({ event }) => event === 'user-event')
  expect(told.map(({ data }) => data['name'])).toEqual(['two', 'three'])
  for (const name of ['four', 'five', 'six', 'seven']) await send(name)
  await resumed.next(({ data }) => data['name'] === 'seven')
  resumed.cut()
  const late = await readEvents(`${url}/v1/events`, { 'last-event-id': one.id ?? '' })
  await late.next(({ data }) => data['name'] === 'seven')
  expect(late.events.map(({ event }) => event).slice(0, 2)).toEqual(['hello', 'gap'])
  late.cut()
})

test('answers are as the description has them', async () => {
  const paths = {
    '/v1/health': '/v1/health',
    '/v1/members': '/v1/members',
    '/v1/ring': '/v1/ring',
    '/v1/lookup/{key}': '/v1/lookup/a%2Fb',
    '/v1/explain/{key}': '/v1/explain/a%2Fb',
    '/v1/plan': '/v1/plan?join=basil:2&join=clove',
    '/v1/tags': '/v1/tags',
    '/v1/openapi.json': '/v1/openapi.json',
  }
  for (const [path, asked] of Object.entries(paths)) {
    const { status, body } = await get(asked)
    expect(status, asked).toBe(200)
    expect(differencesFrom(schemaOf(path, 'get', 200), body), asked).toEqual([])
  }
  expect((await get('/v1/lookup/a%2Fb')).body).toMatchObject({ key: 'a/b' })
  const { status, body } = await get('/v1/nothing')
  expect(status).toBe(404)
  expect(differencesFrom(schemaOf('/v1/health', 'get', 'default'), body)).toEqual([])
})

test('tags are replaced, and members that are gone are forgotten', async () => {
  const { status, body } = await post('/v1/tags', { tags: { role: 'web' } }, 'PUT')
  expect(status).toBe(200)
  expect(body).toMatchObject({ tags: { role: 'web' } })
  expect((await post('/v1/forget', { name: 'nobody' })).status).toBe(202)
  expect((await post('/v1/forget', { name: '' })).status).toBe(400)
})

test('a thousand clients hear of an event, and gossip goes on as before', async () => {
  const streams = await Promise.all(
    Array.from({ length: 1_000 }, () => readEvents(`${agent.api.url}/v1/events`)),
  )
  await expect.poll(() => agent.api.streamsOpen).toBe(1_000)
  await post('/v1/events', { name: 'to-all' })
  await using neighbour = createGossipNode({ hostName: 'basil', bind: `${loopback.next()}:7946` })
  await neighbour.start()
  await neighbour.join([gossip])
  await Promise.all(streams.map((stream) => stream.next(({ data }) => data['name'] === 'to-all')))
  await neighbour.userEvent('from-basil')
  await Promise.all(
    streams.map((stream) => stream.next(({ data }) => data['name'] === 'from-basil')),
  )
  expect(neighbour.members().map(({ name, status }) => `${name} ${status}`)).toEqual([
    'basil alive',
    'anise alive',
  ])
  await neighbour.leave()
  for (const stream of streams) stream.cut()
  await expect.poll(() => agent.api.streamsOpen).toBe(0)
})

test('asked to drain, the member leaves', async () => {
  expect((await post('/v1/drain', {})).body).toEqual({ draining: true })
  await expect.poll(() => agent.cluster.serf?.status, { timeout: 20_000 }).toBe('stopped')
})
