import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { RpcClient } from '../../packages/libring/src/attach/rpc-client.ts'
import { concatBytes, utf8Encode } from '../../packages/libring/src/base/bytes.ts'
import type { GossipNode } from '../../packages/libring/src/gossip/gossip-node.ts'
import { REQUEST_HEADER, REQUESTS } from '../../packages/libring/src/rpc/commands.ts'
import { encodeFrame } from '../../packages/libring/src/rpc/frames.ts'
import { STREAM_RECORDS_MAX } from '../../packages/libring/src/rpc/server-streams.ts'
import { connectRpc } from '../../packages/libring/src/runtime/attach.ts'
import {
  logTail,
  serveRpc,
  type ServeRpcOptions,
} from '../../packages/libring/src/runtime/serve-rpc.ts'
import { createSerf } from '../../packages/libring/src/runtime/serf.ts'
import type { RpcServer } from '../../packages/libring/src/serving/rpc-server.ts'
import { loopbackAddresses } from '../support/loopback.ts'
import { handshake, header, textOf } from '../support/rpc-words.ts'

// Goal: whoever takes commands for a node is hurt by no client, whatever it sends or does not take.
// Method: a node, and raw sockets that misbehave, each beside a client that must not notice.

const loopback = loopbackAddresses()
const log = logTail()
const open: AsyncDisposable[] = []
let node: GossipNode
let server: RpcServer
let client: RpcClient

beforeEach(async () => {
  node = createSerf({
    hostName: 'ann',
    bind: `${loopback.next()}:7946`,
    logger: log,
    userEventBytesMax: 9_216,
    packetBytesMax: 16_000,
  })
  open.push(node)
  await node.start()
  server = await serve()
  client = await connectRpc({ rpcAddress: rpcAddressOf(server) })
})

afterEach(async () => {
  client.close()
  for (const one of open.splice(0).toReversed()) await one[Symbol.asyncDispose]()
})

async function serve(options: ServeRpcOptions = {}): Promise<RpcServer> {
  const rpcAddress = `${node.bound.host}:0`
  const started = await serveRpc(node, { rpcAddress, log, ...options })
  open.push(started)
  return started
}

function rpcAddressOf({ address }: RpcServer): string {
  return `${address!.host}:${address!.port}`
}

async function visit(): Promise<Socket> {
  const socket = connect(server.address!.port, server.address!.host)
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

const nested = new Uint8Array(100_000).fill(0x91)

const members = async (): Promise<string[]> => (await client.members()).map(({ name }) => name)
const soon = { timeout: 60_000, interval: 20 }

describe('a client that', () => {
  test.each<[string, Uint8Array]>([
    ['says nothing that can be read', Uint8Array.of(0xc1, 1, 2, 3)],
    ['sends a header of no end', concatBytes([Uint8Array.of(0x82), textOf(0xffff_ffff)])],
    ['nests without end', nested],
    [
      'says a body of no end',
      concatBytes([handshake, header('event'), Uint8Array.of(0x81), textOf(0x7fff_ffff)]),
    ],
    [
      'counts without end',
      concatBytes([handshake, header('tags'), Uint8Array.of(0xdf, 255, 255, 255, 255), nested]),
    ],
    ['asks for what nobody knows', concatBytes([handshake, header('dance')])],
    ['does not greet', header('members')],
  ])('%s is hung up on, and nobody else notices', async (_, bytes) => {
    const socket = await visit()
    const over = once(socket, 'close')
    socket.resume()
    socket.write(bytes)
    await over
    expect(await members()).toEqual(['ann'])
    await expect.poll(() => server.stats.clients, soon).toBe(1)
  })

  test('goes away in the middle of a request is forgotten', async () => {
    const socket = await visit()
    socket.write(concatBytes([handshake, header('event')]))
    await expect.poll(() => server.stats.clients, soon).toBe(2)
    socket.destroy()
    await expect.poll(() => server.stats.clients, soon).toBe(1)
    expect(await members()).toEqual(['ann'])
  })

  test('takes nothing costs no more than what an agent keeps for it', async () => {
    const socket = await visit()
    socket.pause()
    const stream = encodeFrame(
      [REQUEST_HEADER, { Command: 'stream', Seq: 2n }],
      [REQUESTS.stream, { Type: 'user' }],
    )
    socket.write(concatBytes([handshake, stream]))
    const heard = await client.stream('user:last')
    const payload = utf8Encode('x'.repeat(8_000))
    const rounds = 4 * STREAM_RECORDS_MAX
    for (let told = 0; told < rounds; told++) {
      await node.userEvent(`e${told}`, payload)
      if (told % 100 === 0) expect(await members()).toEqual(['ann'])
    }
    await node.userEvent('last', payload)
    for await (const event of heard) {
      expect(event).toMatchObject({ type: 'user', name: 'last' })
      break
    }
    socket.destroy()
    await expect.poll(() => server.stats.recordsDropped, soon).toBeGreaterThan(0)
  })

  test('asks for much at once is answered in order, one after the other', async () => {
    const socket = await visit()
    const chunks: Buffer[] = []
    socket.on('data', (chunk) => chunks.push(chunk))
    const ask = Array.from({ length: 2_000 }, () => header('members'))
    socket.write(concatBytes([handshake, ...ask]))
    socket.end()
    await once(socket, 'close')
    const text = Buffer.concat(chunks).toString('latin1')
    expect(text.split('Members').length - 1).toBe(2_000)
    expect(await members()).toEqual(['ann'])
  })
})

test('an address that is taken is told', async () => {
  const rpcAddress = rpcAddressOf(server)
  await expect(serveRpc(node, { rpcAddress })).rejects.toMatchObject({
    code: 'LIBRING_BIND_FAILED',
  })
})

test.each([
  [{ rpcAddress: 'localhost' }, 'rpcAddress'],
  [{ rpcAddress: '127.0.0.1:99999' }, 'rpcAddress'],
  [{ authKey: 7 }, 'authKey'],
  [{ onLeft: true }, 'onLeft'],
  [{ log: console }, 'log'],
  [{ loger: console }, 'loger'],
])('options %o are refused by name', async (options, option) => {
  const wrong = options as unknown as ServeRpcOptions
  await expect(serveRpc(node, wrong)).rejects.toMatchObject({
    code: 'LIBRING_OPTION_INVALID',
    option,
  })
})

test('a client hears of its key, and of everything that the node tells', async () => {
  const guarded = await serve({ authKey: 'secret' })
  const rpcAddress = rpcAddressOf(guarded)
  await expect(connectRpc({ rpcAddress, authKey: 'guess' })).rejects.toMatchObject({
    code: 'LIBRING_RPC_AUTH_REFUSED',
  })
  await using trusted = await connectRpc({ rpcAddress, authKey: 'secret' })
  await trusted.updateTags({ role: 'web' })
  expect((await trusted.members())[0]?.tags).toEqual({ role: 'web' })
  const answers: string[] = []
  node.on('query', (query) => query.respond('42'))
  for await (const answer of await trusted.query('load', { acks: true, timeoutMs: 300 })) {
    answers.push(answer.type)
  }
  expect(answers.toSorted()).toEqual(['ack', 'response'])
})
