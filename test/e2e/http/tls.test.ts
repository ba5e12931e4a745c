import { once } from 'node:events'
import { get, request, type RequestOptions } from 'node:https'
import type { IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import { connect as connectByTls } from 'node:tls'
import { afterEach, describe, expect, test } from 'vitest'
import { createFetch, type MemberTls } from 'libring/http'
import { Authority, canCertify } from '../../support/certificates.ts'
import {
  pathOwnedBy,
  routedMembers,
  stopRouted,
  type RoutedMember,
  type RoutedSetup,
} from '../../support/routed-cluster.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const PATIENCE = { timeout: 60_000 }
const members: RoutedMember[] = []

afterEach(async () => {
  await stopRouted(members.splice(0))
})

/** Ann and bob, who speak TLS, with each other as the test says. */
async function start(
  tls: MemberTls | undefined,
  servers: RoutedSetup['tls'],
): Promise<readonly [RoutedMember, RoutedMember]> {
  const router = { failoverWaitMs: 0, ...(tls === undefined ? {} : { tls }) }
  const started = await routedMembers({
    names: ['ann', 'bob'],
    ...(servers === undefined ? {} : { tls: servers }),
    router: {
      ...router,
      serveUpgrade: (_request, socket) => {
        socket.on('error', () => {})
        socket.write(
          'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: talk\r\n\r\n',
        )
        socket.pipe(socket)
      },
    },
  })
  members.push(...started)
  return [started[0]!, started[1]!]
}

/** What ann says to a client that does not look at certificates. */
async function ask(url: string, options: RequestOptions = {}): Promise<string> {
  const outgoing = get(url, { rejectUnauthorized: false, agent: false, ...options })
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
  let text = `${response.statusCode} `
  for await (const chunk of response) text += String(chunk)
  return text.trim()
}

// Only openssl makes certificates, and no key that is kept in the tree is a good example.
describe.skipIf(!canCertify())('between members that speak TLS', () => {
  test('requests go to whose certificate is by the authority that is trusted', async () => {
    const authority = new Authority(temporaryFolder())
    const servers = (host: string) => authority.certify([`IP:${host}`])
    const [ann] = await start({ ca: authority.cert }, servers)
    const url = ann.origin + pathOwnedBy(ann, 'bob')
    const warnings: string[] = []
    const note = ({ message }: Error): void => void warnings.push(message)
    process.on('warning', note)
    expect(await ask(url)).toBe('200 bob')
    // The host that a client asks for is not whom the member is to be.
    expect(await ask(url, { headers: { host: 'shop.example' } })).toBe('200 bob')
    process.off('warning', note)
    expect(warnings).toEqual([])
    expect(ann.router.stats().forwarded).toBe(2)
  })

  test('so do those whose body trailers follow', async () => {
    const authority = new Authority(temporaryFolder())
    const [ann, bob] = await start({ ca: authority.cert }, (host) => {
      return authority.certify([`IP:${host}`])
    })
    const outgoing = request(ann.origin + pathOwnedBy(ann, 'bob'), {
      method: 'POST',
      rejectUnauthorized: false,
      agent: false,
      headers: { host: 'shop.example', trailer: 'x-sum' },
    })
    outgoing.write('body')
    outgoing.addTrailers({ 'x-sum': '1' })
    outgoing.end()
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
    response.resume()
    expect([response.statusCode, bob.router.stats().servedForwarded]).toEqual([200, 1])
  })

  test('so do connections that change their protocol, and a break there ends them everywhere', async () => {
    const authority = new Authority(temporaryFolder())
    const [ann, bob] = await start({ ca: authority.cert }, (host) =>
      authority.certify([`IP:${host}`]),
    )
    const { hostname, port } = new URL(ann.origin)
    const upgrade = async (raw: Socket): Promise<readonly [Socket, Buffer]> => {
      const asking = request(ann.origin + pathOwnedBy(ann, 'bob'), {
        createConnection: () => connectByTls({ socket: raw, rejectUnauthorized: false }),
        headers: { connection: 'upgrade', upgrade: 'talk', host: 'shop.example' },
      }).end()
      const [, socket, head] = (await once(asking, 'upgrade')) as [unknown, Socket, Buffer]
      socket.on('error', () => {})
      return [socket, head]
    }
    const [talking, head] = await upgrade(connect(Number(port), hostname))
    talking.write('hi')
    let text = head.toString()
    for await (const chunk of talking) {
      text += String(chunk)
      if (text === 'hi') talking.end()
    }
    expect(text).toBe('hi')
    const raw = connect(Number(port), hostname)
    await upgrade(raw)
    raw.resetAndDestroy()
    await expect.poll(() => bob.router.stats().upgrades, PATIENCE).toBe(0)
    expect(ann.router.stats().upgradesForwarded).toBe(2)
    await expect.poll(() => ann.router.stats().upgrades, PATIENCE).toBe(0)
  })

  test('so do requests of `createFetch`', async () => {
    const authority = new Authority(temporaryFolder())
    const tls = { ca: authority.cert }
    const [ann] = await start(tls, (host) => authority.certify([`IP:${host}`]))
    const path = pathOwnedBy(ann, 'bob')
    await using ringFetch = createFetch(ann.cluster, { tls })
    expect(await (await ringFetch(path, { key: path })).text()).toBe('bob')
    await using distrusting = createFetch(ann.cluster, { failoverWaitMs: 0 })
    await expect(distrusting(path, { key: path })).rejects.toThrow('the owner')
  })

  test('nothing goes to whose certificate is not trusted, or is for somebody else', async () => {
    const authority = new Authority(temporaryFolder())
    const own = (host: string) => authority.certify([`IP:${host}`])
    const [distrusting] = await start(undefined, own)
    const refused = '503 the owner of the key cannot be reached'
    expect(await ask(distrusting.origin + pathOwnedBy(distrusting, 'bob'))).toBe(refused)
    const another = (): ReturnType<typeof own> => authority.certify(['DNS:member.example'])
    const [ann, bob] = await start({ ca: authority.cert }, another)
    expect(await ask(ann.origin + pathOwnedBy(ann, 'bob'))).toBe(refused)
    expect(bob.router.stats().servedForwarded).toBe(0)
  })

  test('a certificate may be for a name that all members share, and members show their own', async () => {
    const authority = new Authority(temporaryFolder())
    const pair = authority.certify(['DNS:member.example'])
    const tls = { ca: authority.cert, ...pair, servername: 'member.example' }
    const [ann] = await start(tls, () => ({ ...pair, ca: authority.cert, requestCert: true }))
    expect(await ask(ann.origin + pathOwnedBy(ann, 'bob'), pair)).toBe('200 bob')
  })
})
