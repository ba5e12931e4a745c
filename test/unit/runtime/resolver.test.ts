import { describe, expect, test } from 'vitest'
import type { Resolution } from '../../../packages/libring/src/ports/resolver.ts'
import { SystemResolver } from '../../../packages/libring/src/runtime/resolver.ts'
import { loopbackAddresses } from '../../support/loopback.ts'
import { NameServer, type ServiceRecord } from '../../support/name-server.ts'

function resolve(name: string): Promise<Resolution> {
  return new Promise((resolve) => {
    new SystemResolver().resolve(name, resolve)
  })
}

test.each([
  ['10.0.0.7', '10.0.0.7'],
  ['::FFFF:10.0.0.7', '10.0.0.7'],
  ['2001:DB8:0:0::1', '2001:db8::1'],
])('the address %s resolves to itself', async (name, address) => {
  expect(await resolve(name)).toEqual({ addresses: [{ host: address, port: undefined }] })
})

test('the answer never comes within the call', async () => {
  const steps: string[] = []
  await new Promise<void>((done) => {
    new SystemResolver().resolve('10.0.0.7', () => {
      steps.push('answer')
      done()
    })
    steps.push('returned')
  })
  expect(steps).toEqual(['returned', 'answer'])
})

test('a name of the hosts file resolves to its addresses', async () => {
  const { addresses = [] } = await resolve('localhost')
  expect(addresses.some(({ host }) => host === '127.0.0.1' || host === '::1')).toBe(true)
})

test('a name that cannot exist is an error', async () => {
  const resolution = await resolve('no-such-name.invalid')
  expect(resolution).toHaveProperty('error')
})

test('hosts are looked up two at a time, in the order in which they were asked for', () => {
  const running: { readonly name: string; readonly end: (error: Error | null) => void }[] = []
  const resolver = new SystemResolver(undefined, (name, onFound) => {
    running.push({ name, end: (error) => onFound(error, error ? [] : [{ address: '10.0.0.7' }]) })
  })
  const answers: string[] = []
  for (const name of ['a', 'b', 'c', 'd', 'e']) {
    resolver.resolve(name, ({ addresses }) => answers.push(`${name} ${addresses?.[0]?.host}`))
  }
  const namesRunning = (): string => running.map(({ name }) => name).join(' ')
  expect(namesRunning()).toBe('a b')
  running.pop()!.end(new Error('unknown'))
  expect(namesRunning()).toBe('a c')
  running.shift()!.end(null)
  expect(namesRunning()).toBe('c d')
  for (let next = running.shift(); next !== undefined; next = running.shift()) next.end(null)
  expect(answers).toEqual(['b undefined', 'a 10.0.0.7', 'c 10.0.0.7', 'd 10.0.0.7', 'e 10.0.0.7'])
})

test('a host that is asked for again meanwhile is looked up once, for all who asked', () => {
  const looked: string[] = []
  const ends: (() => void)[] = []
  const resolver = new SystemResolver(undefined, (name, onFound) => {
    looked.push(name)
    ends.push(() => onFound(null, [{ address: '10.0.0.7' }]))
  })
  const answers: number[] = []
  for (const asker of [1, 2, 3]) resolver.resolve('a', () => answers.push(asker))
  ends.shift()!()
  expect([looked, answers]).toEqual([['a'], [1, 2, 3]])
  resolver.resolve('a', () => answers.push(4))
  ends.shift()!()
  expect([looked, answers]).toEqual([
    ['a', 'a'],
    [1, 2, 3, 4],
  ])
})

describe('a service', () => {
  const loopback = loopbackAddresses()
  const NAME = '_serf._udp.example.test'

  async function resolveService(
    services: Readonly<Record<string, readonly ServiceRecord[]>>,
    name = NAME,
  ): Promise<Resolution> {
    await using server = await NameServer.start(loopback.next(), { services })
    return await new Promise((resolve) => {
      new SystemResolver([server.address]).resolve(name, resolve)
    })
  }

  test('is all who offer it, each with its own port', async () => {
    const records = [7_946, 8_946].map((port) => ({ target: 'localhost', port }))
    const { addresses = [], ...rest } = await resolveService({ [NAME]: records })
    expect(rest).toEqual({})
    expect(new Set(addresses.map(({ port }) => port))).toEqual(new Set([7_946, 8_946]))
    for (const { host } of addresses) expect(['127.0.0.1', '::1']).toContain(host)
  })

  test('is those whose names are known, though others are not', async () => {
    const unknown = { target: 'no-such-name.invalid', port: 1 }
    const { addresses } = await resolveService({
      [NAME]: [unknown, { target: 'localhost', port: 7_946 }],
    })
    expect(addresses?.every(({ port }) => port === 7_946)).toBe(true)
    expect(await resolveService({ [NAME]: [unknown] })).toMatchObject({
      error: { message: expect.stringContaining(`${NAME} leads to no address`) as unknown },
    })
  })

  test('is no more hosts than are looked up, the first by priority', async () => {
    // As many as fit into a packet of 1,232 bytes, and more than are looked up.
    const name = '_a._udp.b'
    const records = Array.from({ length: 70 }, (_, index) => {
      return { target: 'localhost', port: 1_000 + index, priority: 70 - index }
    })
    const { addresses = [] } = await resolveService({ [name]: records }, name)
    const ports = new Set(addresses.map(({ port }) => port))
    expect(ports.size).toBe(64)
    expect(Math.min(...[...ports].map(Number))).toBe(1_006)
  })

  test.each([
    ['that nobody knows', {}],
    ['that nobody offers', { [NAME]: [] }],
    ['that is not offered, as a single dot says', { [NAME]: [{ target: '.', port: 0 }] }],
  ])('%s is an error', async (_what, services) => {
    expect(await resolveService(services)).toHaveProperty('error')
  })
})
