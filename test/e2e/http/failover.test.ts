import { createServer, type Server, type Socket } from 'node:net'
import { once } from 'node:events'
import { afterEach, describe, expect, test } from 'vitest'
import {
  pathOwnedBy,
  RoutedStage,
  type RoutedMember,
  type RoutedSetup,
} from '../../support/routed-cluster.ts'
import { loopbackAddresses } from '../../support/loopback.ts'

const loopback = loopbackAddresses()
const stage = new RoutedStage()
const { start } = stage
const servers: Server[] = []

afterEach(async () => {
  await stage.clear()
  for (const server of servers.splice(0)) server.close()
})

/** Nothing listens on the port that the member's tag names any more. */
async function shut({ server }: RoutedMember): Promise<void> {
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
}

const echoing = {
  serve: async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    response.end(Buffer.concat(chunks))
  },
} satisfies RoutedSetup['router']

describe('an owner that refuses connections', () => {
  test('a body survives it, whatever its length, and goes whole to the next holder', async () => {
    const [ann, bob] = await start({
      names: ['ann', 'bob', 'cat'],
      router: { ...echoing, serveFrom: 'holders' },
    })
    await shut(bob!)
    // Of two holders, bob is the first, and ann none.
    const path = keyOf(ann!, ['bob', 'cat'])
    for (const bytes of [0, 10, 100_000, 1_000_000]) {
      const body = Buffer.alloc(bytes, 'x')
      const response = await fetch(ann!.origin + path, { method: 'POST', body })
      expect(response.status).toBe(200)
      expect(Buffer.from(await response.arrayBuffer()).equals(body)).toBe(true)
    }
    expect(ann!.router.stats().forwarded).toBe(4)
  })

  test('nobody else is asked where only the primary may serve: 503 with Retry-After', async () => {
    const [ann, bob] = await start({
      names: ['ann', 'bob', 'cat'],
      router: { failoverWaitMs: 0 },
    })
    await shut(bob!)
    const response = await fetch(ann!.origin + keyOf(ann!, ['bob', 'cat']))
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1'])
    expect(response.headers.get('libring-error')).toBe('LIBRING_OWNER_UNREACHABLE')
  })

  test('the next request does not pay again', async () => {
    const [ann, bob] = await start({
      names: ['ann', 'bob'],
      router: { badAddressMs: 60_000, failoverWaitMs: 0 },
    })
    await shut(bob!)
    const path = pathOwnedBy(ann!, 'bob')
    for (let i = 0; i < 5; i++) expect((await fetch(ann!.origin + path)).status).toBe(503)
    expect(ann!.router.stats()).toMatchObject({ unreachable: 1, unavailable: 5 })
  })

  test('a request may wait until the time for that is over', async () => {
    const [ann, bob] = await start({ names: ['ann', 'bob'], router: { failoverWaitMs: 50 } })
    await shut(bob!)
    expect((await fetch(ann!.origin + pathOwnedBy(ann!, 'bob'))).status).toBe(503)
    expect(ann!.router.stats().waited).toBe(1)
  })
})

/** A server of bytes instead of bob, and what it was sent. */
async function impostor(onSocket: (socket: Socket) => void): Promise<string> {
  const host = loopback.next()
  const server = createServer(onSocket)
  servers.push(server)
  server.listen(0, host)
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return `http://${host}:${address.port}`
}

test('a request that is half sent is never sent twice', async () => {
  const got: string[] = []
  const url = await impostor((socket) => {
    socket.on('error', () => {})
    socket.once('data', (chunk: Buffer) => {
      got.push(chunk.toString())
      socket.destroy()
    })
  })
  const [ann, , cat] = await start({
    names: ['ann', 'bob', 'cat'],
    cluster: { allowForeignUrl: true },
    router: { ...echoing, serveFrom: 'holders' },
    perMember: (name) => (name === 'bob' ? { httpTag: url } : {}),
  })
  const path = keyOf(ann!, ['bob', 'cat'])
  const body = Buffer.alloc(1_000_000)
  const response = await fetch(ann!.origin + path, { method: 'POST', body })
  expect([response.status, response.headers.get('libring-error')]).toEqual([
    502,
    'LIBRING_OWNER_FAILED',
  ])
  expect(got).toHaveLength(1)
  expect(cat!.router.stats().servedForwarded).toBe(0)
})

/** Says that cat serves it, once so many bytes of the request have come. */
function refusingAfter(bytes: number): Promise<string> {
  return impostor((socket) => {
    let got = 0
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      const before = got
      got += chunk.length
      if (before >= bytes || got < bytes) return
      socket.write(
        'HTTP/1.1 421 Misdirected Request\r\nlibring-refusal: not-owner;cat\r\ncontent-length: 0\r\n\r\n',
      )
    })
  })
}

test.each([
  ['goes whole to the member that is named, as long as all of it is kept', 30_000, 200],
  ['is not sent on by half, once more was read than is kept', 1_000_000, 503],
])('a body of which a member had got some before it refused %s', async (_what, bytes, status) => {
  const url = await refusingAfter(bytes / 2)
  const [ann, , cat] = await start({
    names: ['ann', 'bob', 'cat'],
    cluster: { allowForeignUrl: true },
    router: { ...echoing, serveFrom: 'holders' },
    perMember: (name) => (name === 'bob' ? { httpTag: url } : {}),
  })
  const body = Buffer.alloc(bytes, 'x')
  const path = keyOf(ann!, ['bob', 'cat'])
  const response = await fetch(ann!.origin + path, { method: 'POST', body })
  expect(response.status).toBe(status)
  const text = Buffer.from(await response.arrayBuffer())
  if (status === 200) expect(text.equals(body)).toBe(true)
  else expect(response.headers.get('libring-error')).toBe('LIBRING_NO_OWNER')
  expect(cat!.router.stats().servedForwarded).toBe(status === 200 ? 1 : 0)
})

test('an owner that does not answer in time is 504', async () => {
  const url = await impostor(() => {})
  const [ann] = await start({
    names: ['ann', 'bob'],
    cluster: { allowForeignUrl: true },
    router: { acquireWaitMs: 0, upstreamTimeoutMs: 100 },
    perMember: (name) => (name === 'bob' ? { httpTag: url } : {}),
  })
  const response = await fetch(ann!.origin + pathOwnedBy(ann!, 'bob'))
  expect([response.status, response.headers.get('libring-error')]).toEqual([
    504,
    'LIBRING_OWNER_TIMEOUT',
  ])
})

/** A path whose partition these hold, in this order. */
function keyOf({ cluster }: RoutedMember, names: readonly string[]): string {
  for (let index = 0; index < 10_000; index++) {
    const holders = cluster.holdersForKey(`/k${index}`).map(({ name }) => name)
    if (holders.join() === names.join()) return `/k${index}`
  }
  throw new Error(`no partition is held by ${names.join()}`)
}
