import { afterEach, expect, test } from 'vitest'
import { seededRandom } from '../../packages/libring/src/base/random.ts'
import { Crew, SHAPE, until } from '../support/churn/crew.ts'
import type { LoadProcess } from '../support/churn/load-process.ts'
import { FROM_SOURCES } from '../support/churn/program-process.ts'
import { reunite } from '../support/churn/rooms.ts'
import { churn, FIVE, restartAll } from '../support/churn/scenarios.ts'
import { loopbackAddresses } from '../support/loopback.ts'

// Goal: what is promised of requests while members come and go holds.
// Method: five members behind routers, and clients that send at a constant rate, each in a process
// of its own. Members tell of every step; requests may fail only from a kill until all have heard
// of it and settled, and while one that was stopped is waited for. `npm run bench:routing` is the
// same for longer and with more requests.

const SEED = 20
const RATE = 60
/** A machine that does other things as well is slow to answer, and is not to be taken for dead. */
const PATIENT = {
  ...SHAPE,
  acquireWaitMs: 20_000,
  upstreamTimeoutMs: 30_000,
  probeTimeoutMs: 500,
}

const loopback = loopbackAddresses()
const crews: Crew[] = []

afterEach(async () => {
  await Promise.all(crews.splice(0).map((crew) => crew[Symbol.asyncDispose]()))
})

async function form(): Promise<Crew> {
  const crew = new Crew(PATIENT, loopback, FROM_SOURCES)
  crews.push(crew)
  await crew.form(FIVE)
  return crew
}

async function send(crew: Crew): Promise<LoadProcess> {
  const setup = { seed: SEED, rate: RATE, keys: 500, bodyBytes: 1_024, timeoutMs: 60_000 }
  const load = await crew.load(setup)
  load.start()
  return load
}

test('while members join, drain, are killed and are stopped, requests fail in its wake alone', async () => {
  const crew = await form()
  const load = await send(crew)
  const deeds = ['join', 'drain', 'kill', 'hiccup', 'stop']
  await churn(crew, load, { random: seededRandom(SEED, 'churn'), durationMs: 0, deeds })
  await load.stop()
  const { evidence } = crew
  expect(evidence.verdict()).toEqual([])
  const answered = evidence.records.filter(({ status }) => status === 200)
  expect(answered.length).toBeGreaterThan(RATE * 10)
  // All of it was there to be judged: requests that were forwarded, and of all kinds.
  expect(new Set(answered.map(({ kind }) => kind))).toEqual(new Set(['read', 'primary', 'write']))
  expect(new Set(answered.map(({ answer }) => answer!.member)).size).toBeGreaterThan(5)
  expect(answered.some(({ answer }) => answer!.hops > 0)).toBe(true)
})

test('while all five members drain and come back one by one, no request fails', async () => {
  const crew = await form()
  const load = await send(crew)
  await restartAll(crew, load)
  await load.stop()
  const { evidence } = crew
  expect(evidence.verdict()).toEqual([])
  expect(evidence.records.filter(({ status }) => status !== 200)).toEqual([])
  expect(evidence.records.length).toBeGreaterThan(RATE * 5)
})

test('when a member drains, and another one is killed, the sockets of every room meet again', async () => {
  const crew = await form()
  const sockets = crew.sockets({ seed: SEED, rooms: 20, sockets: 60 })
  await until('every room has met', () => sockets.haveMet)
  expect(await sockets.call()).toBe(0)
  for (const [name, how] of [
    [sockets.places[0]!, 'drain'],
    [sockets.places.find((place) => place !== sockets.places[0])!, 'kill'],
  ] as const) {
    const { meetings, missing, moved } = await reunite(crew, sockets, name, how)
    expect(moved).toBeGreaterThan(0)
    expect(meetings.length).toBeGreaterThanOrEqual(moved)
    expect(missing).toBe(0)
    expect(sockets.places).not.toContain(name)
  }
})
