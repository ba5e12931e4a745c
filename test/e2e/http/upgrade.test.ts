import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { afterEach, describe, expect, test } from 'vitest'
import type { RouterOptions } from 'libring/http'
import { WebSocket, WebSocketServer } from 'ws'
import { heardFrom } from '../../support/raw-http.ts'
import {
  pathOwnedBy,
  routedMembers,
  stopRouted,
  type RoutedMember,
  type RoutedSetup,
} from '../../support/routed-cluster.ts'

const PATIENCE = { timeout: 60_000 }
const members: RoutedMember[] = []

afterEach(async () => {
  await stopRouted(members.splice(0))
})

async function start(setup: Partial<RoutedSetup>): Promise<readonly RoutedMember[]> {
  members.push(...(await routedMembers({ names: ['ann', 'bob'], ...setup })))
  return members
}

/** Ann, whose connections bob takes over with `serveUpgrade`. */
async function passingOn(
  serveUpgrade: RouterOptions['serveUpgrade'],
): Promise<{ ann: RoutedMember; path: string }> {
  const [ann] = await start({ router: serveUpgrade === undefined ? {} : { serveUpgrade } })
  return { ann: ann!, path: pathOwnedBy(ann!, 'bob') }
}

const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: talk\r\n\r\n'

function ask(member: RoutedMember, path: string, more = ''): Socket {
  const { hostname, port } = new URL(member.origin)
  const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true })
  socket.write(
    `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: talk\r\n\r\n${more}`,
  )
  return socket
}

test('a WebSocket talks to the owner of its room, wherever it came in', async () => {
  const rooms = new WebSocketServer({ noServer: true })
  const [ann, bob] = await start({
    perMember: (name) => ({
      router: {
        serveUpgrade: (request, socket, head) => {
          rooms.handleUpgrade(request, socket, head, (client) => {
            client.on('message', (data) => client.send(`${name}: ${String(data as Buffer)}`))
          })
        },
      },
    }),
  })
  for (const member of [ann!, bob!]) {
    const client = new WebSocket(member.origin.replace('http', 'ws') + pathOwnedBy(ann!, 'bob'))
    await once(client, 'open')
    client.send('hello')
    expect(String((await once(client, 'message'))[0])).toBe('bob: hello')
    client.close(4_001, 'enough')
    expect((await once(client, 'close'))[0]).toBe(4_001)
  }
  const { upgradesServed, upgradesForwarded } = ann!.router.stats()
  expect([upgradesServed, upgradesForwarded]).toEqual([0, 1])
  await expect
    .poll(() => members.map(({ router }) => router.stats().upgrades), PATIENCE)
    .toEqual([0, 0])
})

describe('a connection that changes its protocol', () => {
  test('loses no byte that came with its head, either way', async () => {
    const { ann, path } = await passingOn((_request, socket, head) => {
      socket.write(`${SWITCH}first`)
      socket.write(head)
      socket.pipe(socket)
    })
    const socket = ask(ann, path, 'early')
    const text = await heardFrom(socket, (heard) => heard.endsWith('early'))
    expect(text).toMatch(/^HTTP\/1.1 101 Switching Protocols\r\n(.*\r\n)+\r\nfirstearly$/)
    socket.destroy()
  })

  test('may be closed by one half, and goes on by the other', async () => {
    const { ann, path } = await passingOn((_request, socket) => {
      socket.write(SWITCH)
      socket.on('end', () => socket.end('and good bye'))
      socket.resume()
    })
    const socket = ask(ann, path)
    await heardFrom(socket, (heard) => heard.endsWith('\r\n\r\n'))
    socket.end()
    expect(await heardFrom(socket, () => false)).toBe('and good bye')
    await expect
      .poll(() => members.map(({ router }) => router.stats().upgrades), PATIENCE)
      .toEqual([0, 0])
  })

  test('breaks on both sides when it breaks on one', async () => {
    const served: Duplex[] = []
    const errors: unknown[] = []
    const { ann, path } = await passingOn((_request, socket) => {
      socket.write(SWITCH)
      socket.resume()
      socket.on('error', (error) => errors.push(error))
      served.push(socket)
    })
    const first = ask(ann, path)
    await heardFrom(first, (heard) => heard.endsWith('\r\n\r\n'))
    first.resetAndDestroy()
    await expect.poll(() => served[0]!.destroyed, PATIENCE).toBe(true)
    // It did not look as if everything had been said.
    expect(errors).toHaveLength(1)
    const second = ask(ann, path)
    await heardFrom(second, (heard) => heard.endsWith('\r\n\r\n'))
    served[1]!.destroy()
    await heardFrom(second, () => false)
    second.destroy()
    await expect.poll(() => ann.router.stats().upgrades, PATIENCE).toBe(0)
  })

  test('is answered as the owner answers, where that does not want to', async () => {
    const { ann, path } = await passingOn((_request, socket) => {
      socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno')
    })
    const answer = await heardFrom(ask(ann, path), () => false)
    expect(answer).toMatch(/^HTTP\/1.1 403 Forbidden\r\n/)
    expect(answer).toMatch(/\r\n\r\nno$/)
  })

  test('is refused where nothing takes such connections', async () => {
    const { ann, path } = await passingOn(undefined)
    const answer = await heardFrom(ask(ann, path), () => false)
    expect(answer).toMatch(/^HTTP\/1.1 400 Bad Request\r\n/)
    expect(answer).toContain('libring-error: LIBRING_REQUEST_INVALID')
  })

  test('is refused beyond the bound', async () => {
    const [ann] = await start({
      router: { maxUpgrades: 1, serveUpgrade: (_request, socket) => void socket.write(SWITCH) },
    })
    const path = pathOwnedBy(ann!, 'ann')
    const first = ask(ann!, path)
    await heardFrom(first, (heard) => heard.endsWith('\r\n\r\n'))
    const answer = await heardFrom(ask(ann!, path), () => false)
    expect(answer).toMatch(/^HTTP\/1.1 503 .*\r\n(.*\r\n)*libring-error: LIBRING_OVERLOADED\r\n/)
    first.destroy()
  })

  test('is 503 with Retry-After where the owner cannot be reached', async () => {
    const { ann, path } = await passingOn(() => {})
    members[1]!.server.close()
    const answer = await heardFrom(ask(ann, path), () => false)
    expect(answer).toMatch(/^HTTP\/1.1 503 Service Unavailable\r\n(.*\r\n)*retry-after: 1\r\n/)
  })
})

test('a router that closes breaks off what it has passed on, so that its server can end', async () => {
  const { ann, path } = await passingOn((_request, socket) => void socket.write(SWITCH))
  const socket = ask(ann, path)
  await once(socket, 'data')
  socket.on('error', () => {})
  const closed = new Promise((resolve) => socket.once('close', resolve))
  await ann.router.close()
  await closed
  await expect.poll(() => ann.router.stats().upgrades, PATIENCE).toBe(0)
})
