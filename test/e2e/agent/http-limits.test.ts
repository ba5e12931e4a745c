import { request, type IncomingMessage } from 'node:http'
import { afterEach, expect, test } from 'vitest'
import { readEvents, type EventReader } from '../../support/agent-http.ts'
import { loopbackAddresses } from '../../support/loopback.ts'
import {
  BEARER,
  startServedAgent,
  type ServedAgent,
  type ServedAgentOptions,
} from '../../support/served-agent.ts'

// What the API says when it is asked too much, before it is ready, and of the largest state.

const STATE_BYTES_MAX = 1_048_576
const PATIENCE = { timeout: 60_000 }
const loopback = loopbackAddresses()
const running: ServedAgent[] = []

afterEach(async () => {
  for (const agent of running.splice(0)) await agent[Symbol.asyncDispose]()
})

async function start(options: Partial<ServedAgentOptions> = {}): Promise<ServedAgent> {
  const bind = `${loopback.next()}:7946`
  const agent = await startServedAgent({ name: 'anise', bind, ...options })
  running.push(agent)
  return agent
}

/** A request from an address of this machine. */
function getFrom(localAddress: string, url: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { localAddress, agent: false }, (response) => {
      response.resume()
      resolve(response)
    })
    asked.once('error', reject)
    asked.end()
  })
}

async function ready({ api }: ServedAgent): Promise<unknown> {
  const response = await fetch(`${api.url}/v1/ready`)
  return [response.status, await response.json()]
}

async function post({ api }: ServedAgent, path: string, body: unknown): Promise<Response> {
  const headers = { ...BEARER, 'content-type': 'application/json' }
  return await fetch(api.url + path, { method: 'POST', headers, body: JSON.stringify(body) })
}

const attach = ({ api }: ServedAgent) => readEvents(`${api.url}/v1/partitions`, BEARER)

async function sessionOf(reader: EventReader): Promise<string> {
  return String((await reader.next(({ event }) => event === 'attached')).data['session'])
}

test('an address over its rate is told when to come again, and takes none of the others', async () => {
  const agent = await start({ api: { limits: { requestsPerSecond: 1 } } })
  const [greedy, modest] = [loopback.next(), loopback.next()]
  const url = `${agent.api.url}/v1/health`
  // Twice the rate passes at once; the rest would take a minute.
  const answers = await Promise.all(Array.from({ length: 60 }, () => getFrom(greedy, url)))
  const passed = answers.filter(({ statusCode }) => statusCode === 200)
  const refused = answers.filter(({ statusCode }) => statusCode === 429)
  expect(passed.length + refused.length).toBe(60)
  expect(passed.length).toBeGreaterThanOrEqual(2)
  expect(refused.length).toBeGreaterThan(0)
  for (const { headers } of refused) expect(headers['retry-after']).toBe('1')
  expect((await getFrom(modest, url)).statusCode).toBe(200)
})

test('an agent is ready, and named as a holder, while its consumer takes part in the ring', async () => {
  const agent = await start({ api: { consumerTimeoutMs: 100 } })
  expect(await ready(agent)).toEqual([503, { ready: false, ringMembers: 0 }])
  const consumer = await attach(agent)
  const holders = async (): Promise<unknown> => {
    const response = await fetch(`${agent.api.url}/v1/lookup/a-key`)
    return ((await response.json()) as { holders: { name: string }[] }).holders.map(
      ({ name }) => name,
    )
  }
  await expect.poll(() => ready(agent), PATIENCE).toEqual([200, { ready: true, ringMembers: 1 }])
  expect(await holders()).toEqual(['anise'])
  consumer.cut()
  await expect.poll(() => ready(agent), PATIENCE).toEqual([503, { ready: false, ringMembers: 0 }])
  expect(await holders()).toEqual([])
})

test('a state of 1 MiB goes from one consumer to the next, and one byte more is refused', async () => {
  const anise = await start()
  const leaving = await attach(anise)
  const session = await sessionOf(leaving)
  await expect
    .poll(() => leaving.events.filter((e) => e.event === 'acquire').length, PATIENCE)
    .toBe(16)
  const acquired = leaving.events.filter(({ event }) => event === 'acquire')
  const acks = acquired.map(({ id }) => ({ id: Number(id) }))
  expect((await post(anise, '/v1/partitions/acks', { session, acks })).status).toBe(200)

  const basil = await start({ name: 'basil', bootstrapHosts: [anise.cluster.serf!.bound.host] })
  const coming = await attach(basil)
  const given = await leaving.next(({ data }) => data['to'] === 'basil')
  const [id, partition] = [Number(given.id), given.data['partition']]
  const state = Buffer.alloc(STATE_BYTES_MAX + 1, 'state of a partition ')
  const acknowledge = (bytes: Buffer): Promise<Response> => {
    const ack = { id, state: bytes.toString('base64') }
    return post(anise, '/v1/partitions/acks', { session, acks: [ack] })
  }
  const refused = await acknowledge(state)
  expect([refused.status, await refused.json()]).toEqual([
    400,
    {
      error: {
        code: 'invalid_body',
        message: 'acks.0.state: must be at most 1048576 bytes, and it has 1048577',
      },
    },
  ])
  const largest = state.subarray(1)
  expect(await (await acknowledge(largest)).json()).toEqual({ acknowledged: 1, unknown: [] })
  const taken = await coming.next(({ event, data }) => {
    return event === 'acquire' && data['partition'] === partition && data['replica'] === 0
  })
  expect(Buffer.from(String(taken.data['state']), 'base64').equals(largest)).toBe(true)
})
