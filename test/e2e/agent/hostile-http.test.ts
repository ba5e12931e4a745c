import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { EventStream } from '../../../packages/agent/src/http-api/event-stream.ts'
import { readEvents } from '../../support/agent-http.ts'
import { loopbackAddresses } from '../../support/loopback.ts'
import { heardFrom, rawExchange } from '../../support/raw-http.ts'
import { BEARER, startServedAgent, TOKEN, type ServedAgent } from '../../support/served-agent.ts'

const loopback = loopbackAddresses()
let agent: ServedAgent

beforeAll(async () => {
  agent = await startServedAgent({
    name: 'anise',
    bind: `${loopback.next()}:7946`,
    api: {
      limits: {
        connectionsMax: 40,
        streamsMax: 8,
        streamBufferBytesMax: 65_536,
        headersTimeoutMs: 500,
        requestTimeoutMs: 1_000,
        requestsPerSecond: 100_000,
      },
    },
  })
})

// Whatever was done to it, it goes on.
afterEach(async () => {
  for (let tries = 0; statusOf(await send('GET', '/v1/health')) !== 200; tries++) {
    // Connections that a test has cut count until both ends know.
    if (tries === 1_000) throw new Error('the agent does not answer any more')
  }
})

afterAll(async () => {
  await agent[Symbol.asyncDispose]()
})

const JSON_TYPE = { 'content-type': 'application/json' }

/** The bytes of the answer to a request of these bytes. */
function send(
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body = '',
): Promise<string> {
  const fields = { host: `127.0.0.1:${agent.api.port}`, connection: 'close', ...headers }
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
  const length = body === '' ? '' : `content-length: ${Buffer.byteLength(body)}\r\n`
  const text = `${method} ${path} HTTP/1.1\r\n${lines.join('')}${length}\r\n${body}`
  return rawExchange(agent.api.url, text)
}

function statusOf(answer: string): number {
  return Number(answer.slice(9, 12))
}

function event(body: string, headers: Readonly<Record<string, string>> = {}): Promise<string> {
  return send('POST', '/v1/events', { ...JSON_TYPE, ...BEARER, ...headers }, body)
}

test.each([
  ['no token', {}],
  ['a wrong token', { authorization: 'Bearer wrong' }],
  ['part of the token', { authorization: `Bearer ${TOKEN.slice(0, -1)}` }],
  ['another scheme', { authorization: `Basic ${TOKEN}` }],
])('with %s nothing changes and nobody attaches', async (_, headers) => {
  for (const [method, path] of [
    ['PUT', '/v1/tags'],
    ['POST', '/v1/events'],
    ['POST', '/v1/drain'],
    ['POST', '/v1/forget'],
    ['POST', '/v1/partitions/acks'],
    ['GET', '/v1/partitions'],
  ] as const) {
    expect(statusOf(await send(method, path, headers)), path).toBe(401)
  }
})

test('paths spelled otherwise lead nowhere without the token', async () => {
  for (const path of [
    '/v1/%70artitions',
    '//v1/partitions',
    '/v1//partitions',
    '/v1/partitions/',
    '/V1/partitions',
    '/v1/./partitions',
    '/v1/members/../partitions',
    '/v1/partitions%00',
    '/v1/partitions;x',
  ]) {
    expect([400, 401, 404], path).toContain(statusOf(await send('GET', path)))
  }
  expect(agent.consumers.isAttached).toBe(false)
})

test('pages of other sites are refused, with the token too', async () => {
  expect(statusOf(await event('{"name":"x"}', { origin: 'https://evil.example' }))).toBe(403)
  expect(statusOf(await event('{"name":"x"}', { origin: 'null' }))).toBe(403)
  expect(statusOf(await event('{"name":"x"}', { 'sec-fetch-site': 'cross-site' }))).toBe(403)
  expect(statusOf(await send('GET', '/v1/members', { 'sec-fetch-site': 'same-site' }))).toBe(403)
  expect(await send('OPTIONS', '/v1/events')).not.toMatch(/access-control/i)
})

test('host names that somebody else can point here are refused', async () => {
  for (const host of ['evil.example', '127.0.0.1.evil.example', 'localhost.evil.example']) {
    expect(statusOf(await send('GET', '/v1/members', { host })), host).toBe(421)
  }
  expect(statusOf(await send('GET', '/v1/members', { host: 'localhost:1' }))).toBe(200)
})

test('bodies and headers that are too large are refused', async () => {
  const large = JSON.stringify({ name: 'x', payload: 'a'.repeat(1_600_000) })
  expect(statusOf(await event(large))).toBe(413)
  const chunked = `POST /v1/events HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\nauthorization: Bearer ${TOKEN}\r\ntransfer-encoding: chunked\r\n\r\n`
  const chunk = `10000\r\n${'a'.repeat(65_536)}\r\n`
  const answer = await rawExchange(agent.api.url, `${chunked}${chunk.repeat(30)}0\r\n\r\n`)
  expect(statusOf(answer)).toBe(413)
  expect(statusOf(await send('GET', '/v1/members', { 'x-large': 'a'.repeat(20_000) }))).toBe(431)
})

test('bodies that are no JSON, or not as described, are refused and say where', async () => {
  expect(statusOf(await event('{"name":'))).toBe(400)
  expect(statusOf(await event('['.repeat(500_000)))).toBe(400)
  const deep = `{"name":${'['.repeat(100_000)}${']'.repeat(100_000)}}`
  expect(statusOf(await event(deep))).toBe(400)
  expect(await event('{"name":"x","payload":"***"}')).toContain('payload: must be base64')
  expect(statusOf(await event('{"name":"x","other":1}'))).toBe(400)
  expect(statusOf(await event('{"name":"x"}', { 'content-type': 'text/plain' }))).toBe(415)
  expect(await event('{"__proto__":{"name":"x"}}')).toContain('HTTP/1.1 400')
})

test('keys that are malformed or too long are refused', async () => {
  expect(statusOf(await send('GET', `/v1/lookup/${'a'.repeat(5_000)}`))).toBe(400)
  expect(statusOf(await send('GET', '/v1/lookup/%E0%A4%A'))).toBe(200)
  expect(statusOf(await send('GET', '/v1/lookup/%00%0d%0a'))).toBe(200)
  for (const partition of ['-1', '16', '1e3', '0x1', '', '99999999999999999999']) {
    expect(statusOf(await send('GET', `/v1/ring?partition=${partition}`)), partition).toBe(400)
  }
  expect(statusOf(await send('GET', '/v1/plan?join=a:0'))).toBe(400)
  expect(statusOf(await send('GET', '/v1/plan?leave=nobody'))).toBe(400)
})

test('a client that sends its headers or its body slowly is dropped', async () => {
  for (const bytes of [
    'GET /v1/members HTTP/1.1\r\nhost: localhost\r\n',
    `POST /v1/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nauthorization: Bearer ${TOKEN}\r\ncontent-length: 100\r\n\r\n{`,
  ]) {
    expect(await rawExchange(agent.api.url, bytes)).toContain('408')
  }
})

test('connections and streams beyond the limit are refused, and the others are served', async () => {
  const streams = await Promise.all(
    Array.from({ length: 8 }, () => readEvents(`${agent.api.url}/v1/events`)),
  )
  expect(statusOf(await send('GET', '/v1/events'))).toBe(503)
  expect(statusOf(await send('GET', '/v1/partitions', BEARER))).toBe(503)
  expect(agent.consumers.isAttached).toBe(false)
  for (const stream of streams) stream.cut()
  await expect.poll(() => agent.api.streamsOpen).toBe(0)

  const sockets = Array.from({ length: 60 }, () => connect(agent.api.port, '127.0.0.1'))
  await Promise.race(sockets.map((socket) => heardFrom(socket, () => false)))
  for (const socket of sockets) socket.destroy()
})

test('a stream that is never read is dropped, and the others hear everything', async () => {
  const streams: EventStream[] = []
  let dropped = 0
  const server = createServer((_, response) => {
    streams.push(new EventStream(response, 65_536, () => dropped++))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const reader = await readEvents(`http://127.0.0.1:${port}/`)
  const idle: Socket = connect(port, '127.0.0.1')
  idle.pause()
  idle.on('error', () => {})
  idle.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n')
  await expect.poll(() => streams.length).toBe(2)
  // More than what the sockets of both ends hold for it.
  let sent = 0
  for (; dropped === 0 && sent < 1_000; sent++) {
    for (const stream of streams) stream.send({ event: 'large', data: 'a'.repeat(32_768) })
    await reader.next(() => true, sent)
  }
  expect(dropped).toBe(1)
  streams[0]?.send({ event: 'last', data: {} })
  await reader.next(({ event: type }) => type === 'last')
  expect(reader.events).toHaveLength(sent + 1)
  idle.destroy()
  reader.cut()
  server.close()
  server.closeAllConnections()
})

test('acknowledgements of unknown sessions and steps change nothing, however many', async () => {
  const acks = (body: unknown): Promise<string> =>
    send('POST', '/v1/partitions/acks', { ...JSON_TYPE, ...BEARER }, JSON.stringify(body))
  expect(statusOf(await acks({ session: 'x'.repeat(32), acks: [{ id: 1 }] }))).toBe(410)
  expect(statusOf(await acks({ session: 'é'.repeat(32), acks: [{ id: 1 }] }))).toBe(410)
  const stream = await readEvents(`${agent.api.url}/v1/partitions`, BEARER)
  const { data } = await stream.next(({ event: type }) => type === 'attached')
  const session = data['session']
  await expect.poll(() => stream.events.filter((e) => e.event === 'acquire').length).toBe(16)
  const flood = Array.from({ length: 4_096 }, (_, at) => ({ id: at + 1_000 }))
  expect(await acks({ session, acks: flood })).toContain('"acknowledged":0')
  expect(statusOf(await acks({ session, acks: [...flood, { id: 1 }] }))).toBe(400)
  expect(statusOf(await acks({ session, acks: [{ id: -1 }] }))).toBe(400)
  expect(statusOf(await acks({ session, acks: [{ id: 1.5 }] }))).toBe(400)
  expect(agent.cluster.localRole(0)?.isServing).toBe(false)
  stream.cut()
})
