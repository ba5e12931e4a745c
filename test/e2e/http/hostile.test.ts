import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import type { RouterOptions, ServeContext } from 'libring/http'
import { heardFrom, rawExchange, requestText } from '../../support/raw-http.ts'
import { loopbackAddresses } from '../../support/loopback.ts'
import {
  pathOwnedBy,
  routedMembers,
  stopRouted,
  type RoutedMember,
  type RoutedSetup,
} from '../../support/routed-cluster.ts'

// Whatever a client, a stranger or a member does, it harms nobody else.

const PATIENCE = { timeout: 60_000 }
const loopback = loopbackAddresses()
const members: RoutedMember[] = []
const servers: Server[] = []
const sockets: Socket[] = []

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await stopRouted(members.splice(0))
  for (const server of servers.splice(0)) server.close()
})

async function start(setup: Partial<RoutedSetup>): Promise<readonly [RoutedMember, RoutedMember]> {
  members.push(...(await routedMembers({ names: ['ann', 'bob'], ...setup })))
  return [members[0]!, members[1]!]
}

function open(origin: string): Socket {
  const { hostname, port } = new URL(origin)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => {})
  sockets.push(socket)
  return socket
}

/** A server of bytes where bob should be. */
async function impostor(onSocket: (socket: Socket) => void): Promise<Partial<RoutedSetup>> {
  const host = loopback.next()
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    onSocket(socket)
  })
  servers.push(server)
  server.listen(0, host)
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const httpTag = `http://${host}:${address.port}`
  return {
    cluster: { allowForeignUrl: true },
    perMember: (name) => (name === 'bob' ? { httpTag } : {}),
  }
}

describe('a request that two readers could read in two ways', () => {
  const smuggled = 'GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n'

  test.each([
    ['a length and chunks', 'content-length: 4\r\ntransfer-encoding: chunked\r\n', '0\r\n\r\n'],
    ['chunks and a length', 'transfer-encoding: chunked\r\ncontent-length: 4\r\n', '0\r\n\r\n'],
    ['two lengths', 'content-length: 0\r\ncontent-length: 39\r\n', ''],
    ['a list of lengths', 'content-length: 0, 39\r\n', ''],
    ['a signed length', 'content-length: +0\r\n', ''],
    ['a length in hexadecimal', 'content-length: 0x0\r\n', ''],
    ['chunks that are not last', 'transfer-encoding: chunked, identity\r\n', '0\r\n\r\n'],
    ['a coding that looks like chunks', 'transfer-encoding: xchunked\r\n', '0\r\n\r\n'],
    ['a space before the colon', 'transfer-encoding : chunked\r\n', '0\r\n\r\n'],
    ['a line that ends with CR alone', 'x-a: 1\rtransfer-encoding: chunked\r\n', '0\r\n\r\n'],
    ['a chunk size that is none', 'transfer-encoding: chunked\r\n', 'zz\r\n\r\n'],
    ['a null within a field', 'x-a: 1\0\r\ncontent-length: 0\r\n', ''],
  ])('is refused: %s', async (_name, fields, body) => {
    const seen: string[] = []
    const [ann] = await start({
      router: {
        serve: async (request, response) => {
          seen.push(request.url!)
          for await (const chunk of request) void chunk
          response.end()
        },
      },
    })
    const path = pathOwnedBy(ann, 'bob')
    const text = `POST ${path} HTTP/1.1\r\nhost: x\r\n${fields}\r\n${body}${smuggled}`
    const answer = await rawExchange(ann.origin, text, (heard) => /HTTP\/1.1 [45]/.test(heard))
    expect(answer).toMatch(/^HTTP\/1.1 400 /)
    expect(seen).not.toContain('/smuggled')
  })

  test('has its folded field unfolded, or is refused', async () => {
    let got: string[] = []
    const [ann] = await start({
      router: {
        serve: (request, response) => {
          got = request.rawHeaders
          response.end('served')
        },
      },
    })
    const path = pathOwnedBy(ann, 'bob')
    const text = requestText(path).replace(
      '\r\n\r\n',
      '\r\nx-a: 1\r\n transfer-encoding: chunked\r\n\r\n',
    )
    const answer = await rawExchange(ann.origin, text)
    expect(answer).toMatch(/^HTTP\/1.1 (200|400) /)
    expect(got.map((field) => field.toLowerCase())).not.toContain('transfer-encoding')
    expect(got.join('')).not.toMatch(/[\r\n]/)
  })

  test('in capitals of any kind is still in chunks, and nothing else', async () => {
    let body = ''
    const [ann] = await start({
      router: {
        serve: async (request, response) => {
          for await (const chunk of request) body += String(chunk)
          response.end('served')
        },
      },
    })
    const path = pathOwnedBy(ann, 'bob')
    const text = `POST ${path} HTTP/1.1\r\nhost: x\r\nTRANSFER-Encoding: ChUnKeD\r\nconnection: close\r\n\r\n4\r\nbody\r\n0\r\n\r\n`
    expect(await rawExchange(ann.origin, text)).toMatch(/^HTTP\/1.1 200 /)
    expect(body).toBe('body')
  })
})

describe('an answer that two readers could read in two ways', () => {
  test.each([
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 20\r\n\r\nok'],
    [
      'a length and chunks',
      'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\nok',
    ],
    ['no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n'],
    [
      'a protocol nobody asked for',
      'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
    ],
    ['too much head', `HTTP/1.1 200 OK\r\nx-a: ${'a'.repeat(40_000)}\r\n\r\n`],
  ])('is not passed on: %s', async (_name, bytes) => {
    const [ann] = await start(
      await impostor((socket) => void socket.once('data', () => socket.end(bytes))),
    )
    const answer = await rawExchange(ann.origin, requestText(pathOwnedBy(ann, 'bob')))
    expect(answer).toMatch(/^HTTP\/1.1 502 .*\r\n(.*\r\n)*libring-error: LIBRING_OWNER_FAILED\r\n/)
  })

  test('is broken off where it says more than it was to', async () => {
    const bytes = 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nonly'
    const [ann] = await start(
      await impostor((socket) => void socket.once('data', () => socket.end(bytes))),
    )
    const socket = open(ann.origin)
    socket.write(requestText(pathOwnedBy(ann, 'bob')))
    const answer = await heardFrom(socket, () => false)
    expect(answer).toMatch(/\r\n\r\n(only)?$/)
    await expect.poll(() => ann.router.stats().abandoned, PATIENCE).toBe(1)
  })
})

describe('fields cannot be made up', () => {
  test('by a key: it comes to the owner as it is, and nothing with it', async () => {
    const contexts: ServeContext[] = []
    let got: string[] = []
    const [ann] = await start({
      router: {
        secret: 'the secret of these members',
        keyOf: (request) => decodeURIComponent(request.url!),
        serve: (request, response, context) => {
          contexts.push(context)
          got = request.rawHeaders
          response.end('served')
        },
      },
    })
    const evil = '\r\nx-evil: 1\r\n\r\n'
    const path = evilPath(ann, evil)
    expect((await fetch(ann.origin + path)).status).toBe(200)
    expect([contexts[0]!.key, contexts[0]!.isForwarded]).toEqual([decodeURIComponent(path), true])
    expect(got).not.toContain('x-evil')
  })

  test('by the name of a member', async () => {
    const name = 'bob\r\nx-evil: 1'
    members.push(...(await routedMembers({ names: ['ann', name] })))
    const [ann] = members
    const path = pathOwnedBy(ann!, name)
    const mark = { 'libring-forward': markFor(ann!, path) }
    const answer = await rawExchange(ann!.origin, requestText(path, mark))
    expect(answer).toMatch(/^HTTP\/1.1 421 /)
    expect(answer).not.toMatch(/^x-evil/m)
    expect(await (await fetch(ann!.origin + path)).text()).toBe(name)
  })

  test('by a tag: a URL on another host gets nothing', async () => {
    const got: Socket[] = []
    const setup = await impostor((socket) => void got.push(socket))
    const [ann] = await start({ ...setup, cluster: {} })
    const response = await fetch(ann.origin + pathOwnedBy(ann, 'bob'))
    expect([response.status, got.length]).toEqual([503, 0])
  })
})

describe('a mark of a member that no member made', () => {
  const secret = 'the secret of these members'

  test('is taken out where members share a secret, and the request routed as any other', async () => {
    const seen: unknown[] = []
    const [ann] = await start({
      router: {
        secret,
        serve: (request, response, { isForwarded }) => {
          seen.push(isForwarded, request.headers['libring-forward'])
          response.end('served')
        },
      },
    })
    const path = pathOwnedBy(ann, 'ann')
    const marks = [markFor(ann, path), `${markFor(ann, path)} AAAAAAAAAAAAAAAAAAAAAA`, 'rubbish']
    for (const mark of marks) {
      await rawExchange(ann.origin, requestText(path, { 'libring-forward': mark }))
    }
    expect(seen).toEqual([false, undefined, false, undefined, false, undefined])
    expect(ann.router.stats().forged).toBe(3)
  })

  test('is believed without a secret only as far as the member would serve the key anyway', async () => {
    let served = 0
    const [ann, bob] = await start({
      router: { serve: (_request, response) => (served++, response.end('served')) },
    })
    const path = pathOwnedBy(ann, 'bob')
    const own = pathOwnedBy(ann, 'ann')
    const partition = ann.cluster.partitionForKey(own)
    // That ann serves one partition does not make it serve a key of another one.
    const mark = markFor(ann, path).replace(/^1;\d+/, `1;${partition}`)
    const answer = await rawExchange(ann.origin, requestText(path, { 'libring-forward': mark }))
    expect(answer).toMatch(/^HTTP\/1.1 421 .*\r\n(.*\r\n)*libring-refusal: key\r\n/)
    expect([served, bob.router.stats().servedForwarded]).toEqual([0, 0])
  })

  test('that was made for another path is not believed', async () => {
    let mark = ''
    const router: Partial<RouterOptions> = {
      secret,
      serve: (request, response) => {
        mark = String(request.headers['libring-forward'])
        response.end('served')
      },
    }
    const [ann, bob] = await start({ router })
    await fetch(ann.origin + pathOwnedBy(ann, 'bob'))
    expect(mark).toMatch(/^1;/)
    const other = pathOwnedBy(ann, 'bob', '/other')
    await rawExchange(bob.origin, requestText(other, { 'libring-forward': mark }))
    expect(bob.router.stats()).toMatchObject({ forged: 1, servedForwarded: 1, served: 1 })
  })

  test('still counts its hops, so that members with other secrets send nothing round for ever', async () => {
    const [ann, bob] = await start({
      perMember: (name) => ({ router: { secret: `the secret of ${name} alone` } }),
      // Each takes the other one for the owner of everything.
      router: { maxHops: 5 },
    })
    for (const { cluster } of [ann, bob]) {
      const { memberNamed, localName } = cluster
      cluster.localRole = () => undefined
      cluster.holdersForPartition = () => {
        return [memberNamed.call(cluster, localName === 'ann' ? 'bob' : 'ann')!]
      }
    }
    const response = await fetch(ann.origin)
    expect(response.headers.get('libring-error')).toBe('LIBRING_HOPS_EXCEEDED')
    expect([ann, bob].map(({ router }) => router.stats().forwarded)).toEqual([3, 2])
  })

  test('may be of a secret that is on its way out', async () => {
    const [ann, bob] = await start({
      perMember: (name) => ({
        router: { secret: name === 'ann' ? secret : ['the secret that is to come', secret] },
      }),
    })
    expect((await fetch(ann.origin + pathOwnedBy(ann, 'bob'))).status).toBe(200)
    expect(bob.router.stats()).toMatchObject({ servedForwarded: 1, forged: 0 })
  })

  test.each([
    ['longer than any', '1;1;p;00000000;1;;'.padEnd(9_000, 'a')],
    ['with a name that is no text', '1;1;p;00000000;1;%ff%;'],
    ['of nobody knows how many hops', '1;1;p;00000000;99999999999;;'],
    ['of another version', '2;1;p;00000000;1;;'],
    ['with a partition that there is not', '1;99999;p;00000000;1;;'],
  ])('%s does no harm', async (_name, mark) => {
    const [ann] = await start({})
    const path = pathOwnedBy(ann, 'ann')
    const answer = await rawExchange(ann.origin, requestText(path, { 'libring-forward': mark }))
    expect(answer).toMatch(/^HTTP\/1.1 (200|421) /)
  })
})

test.each([
  ['a target that is no path', 'OPTIONS * HTTP/1.1\r\nhost: x\r\n\r\n'],
  [
    'such a target with another protocol',
    'OPTIONS * HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: talk\r\n\r\n',
  ],
])('%s is 400, and nobody is held for unreachable because of it', async (_name, text) => {
  const [ann, bob] = await start({
    router: { badAddressMs: 60_000, keyOf: () => 'k' },
    perMember: () => ({ cluster: { partitions: 1 } }),
  })
  const [asked, owner] = ann.cluster.ownerForKey('k')!.name === 'ann' ? [bob, 'ann'] : [ann, 'bob']
  const answer = await rawExchange(asked.origin, text, (heard) => heard.includes('\r\n\r\n'))
  expect(answer).toMatch(/^HTTP\/1.1 400 /)
  expect(await (await fetch(asked.origin)).text()).toBe(owner)
  expect(asked.router.stats().unreachable).toBe(0)
})

describe('too much', () => {
  test('of header fields is 431', async () => {
    const [ann] = await start({ router: { headersMax: 20 } })
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`x-${at}`, '1']))
    const answer = await rawExchange(ann.origin, requestText('/', many))
    expect(answer).toMatch(/^HTTP\/1.1 431 /)
  })

  test('of header bytes is 431, before anything is routed', async () => {
    const [ann] = await start({})
    const answer = await rawExchange(ann.origin, requestText('/', { 'x-a': 'a'.repeat(20_000) }))
    expect(answer).toMatch(/^HTTP\/1.1 431 /)
    expect(ann.router.stats()).toMatchObject({ served: 0, forwarded: 0, invalid: 0 })
  })

  test('at a time is 503, and no more once some are done', async () => {
    const answers: (() => void)[] = []
    const [ann] = await start({
      router: {
        maxInFlight: 2,
        serve: (_request, response) => void answers.push(() => response.end('served')),
      },
    })
    const url = ann.origin + pathOwnedBy(ann, 'ann')
    const first = [fetch(url), fetch(url)]
    await expect.poll(() => answers.length, PATIENCE).toBe(2)
    const refused = await fetch(url)
    expect([refused.status, refused.headers.get('libring-error')]).toEqual([
      503,
      'LIBRING_OVERLOADED',
    ])
    for (const answer of answers) answer()
    await Promise.all(first.map(async (each) => await (await each).text()))
    const last = fetch(url)
    await expect.poll(() => answers.length, PATIENCE).toBe(3)
    answers[2]!()
    expect((await last).status).toBe(200)
  })

  test('work for the event loop is 503', async () => {
    const [ann] = await start({ router: { maxEventLoopDelayMs: 30 } })
    const url = ann.origin + pathOwnedBy(ann, 'ann')
    await expect
      .poll(
        async () => {
          const untilMs = performance.now() + 200
          while (performance.now() < untilMs);
          const response = await fetch(url)
          await response.text()
          return response.headers.get('libring-error')
        },
        { interval: 1, timeout: 60_000 },
      )
      .toBe('LIBRING_OVERLOADED')
    await expect.poll(async () => (await fetch(url)).status, PATIENCE).toBe(200)
  })
})

describe('slow', () => {
  test('clients that never finish their heads keep nobody else waiting', async () => {
    const [ann] = await start({})
    const path = pathOwnedBy(ann, 'bob')
    for (let at = 0; at < 50; at++) open(ann.origin).write(`GET ${path} HTTP/1.1\r\nx-${at}: `)
    expect(await (await fetch(ann.origin + path)).text()).toBe('bob')
    expect(ann.router.stats().inFlight).toBe(0)
  })

  test('clients that never finish their bodies keep nobody else waiting, and leave nothing', async () => {
    const [ann, bob] = await start({
      router: {
        serve: async (request, response) => {
          for await (const chunk of request) void chunk
          response.end('served')
        },
      },
    })
    const path = pathOwnedBy(ann, 'bob')
    const slow = Array.from({ length: 50 }, () => open(ann.origin))
    for (const socket of slow) {
      socket.write(`POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\nx`)
    }
    await expect.poll(() => bob.router.stats().inFlight, PATIENCE).toBe(50)
    expect(await (await fetch(ann.origin + path)).text()).toBe('served')
    for (const socket of slow) socket.destroy()
    await expect
      .poll(() => [ann, bob].map(({ router }) => router.stats().inFlight), PATIENCE)
      .toEqual([0, 0])
  })

  test('owners keep nobody waiting that asks for another one', async () => {
    const [ann] = await start(await impostor(() => {}))
    const waiting = Array.from({ length: 20 }, () => {
      const socket = open(ann.origin)
      socket.write(requestText(pathOwnedBy(ann, 'bob')))
      return socket
    })
    await expect.poll(() => ann.router.stats().inFlight, PATIENCE).toBe(20)
    expect(await (await fetch(ann.origin + pathOwnedBy(ann, 'ann'))).text()).toBe('ann')
    for (const socket of waiting) socket.destroy()
    await expect.poll(() => ann.router.stats().inFlight, PATIENCE).toBe(0)
  })

  test('owners that fall silent within an answer have it broken off in time', async () => {
    const setup = await impostor((socket) => {
      socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf'))
    })
    const [ann] = await start({ ...setup, router: { idleTimeoutMs: 100 } })
    const answer = await rawExchange(ann.origin, requestText(pathOwnedBy(ann, 'bob')))
    expect(answer).toMatch(/\r\n\r\nhalf$/)
    await expect.poll(() => ann.router.stats().abandoned, PATIENCE).toBe(1)
  })
})

test('what serve, keyOf or a promise of theirs throws is told, and answered 500', async () => {
  const errors: unknown[] = []
  const [ann] = await start({
    router: {
      onError: (error) => errors.push(error),
      keyOf: (request) => {
        if (request.url === '/throw') throw new Error('no key')
        return request.url!
      },
      serve: (request) => {
        if (request.url!.startsWith('/later')) return Promise.reject(new Error('later'))
        throw new Error('at once')
      },
    },
  })
  const own = pathOwnedBy(ann, 'ann')
  for (const path of ['/throw', own, pathOwnedBy(ann, 'ann', '/later')]) {
    const response = await fetch(ann.origin + path)
    expect([response.status, response.headers.get('libring-error')]).toEqual([
      500,
      'LIBRING_SERVE_FAILED',
    ])
  }
  expect(errors.map(String)).toEqual(['Error: no key', 'Error: at once', 'Error: later'])
})

function markFor({ cluster }: RoutedMember, path: string): string {
  return `1;${cluster.partitionForKey(path)};p;${cluster.configurationDigest};1;;`
}

/** A path that bob owns, and whose key holds `evil`. */
function evilPath({ cluster }: RoutedMember, evil: string): string {
  for (let at = 0; ; at++) {
    const path = `/${at}${encodeURIComponent(evil)}`
    if (cluster.ownerForKey(decodeURIComponent(path))?.name === 'bob') return path
  }
}
