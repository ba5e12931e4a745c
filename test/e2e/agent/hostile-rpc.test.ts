import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as passed } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectRpc, createSerf, type GossipNode, type RpcClient } from 'libring/serf'
import { concatBytes } from '../../../packages/libring/src/base/bytes.ts'
import { startAgentProgram, type AgentProgram } from '../../support/agent-program.ts'
import { loopbackAddresses } from '../../support/loopback.ts'
import { handshake, header, textOf } from '../../support/rpc-words.ts'

// Goal: no client of its RPC keeps the program from gossiping, and from answering others.
// Method: `libring agent` with a key, a node that gossips with it, and a client that has the key and
// asks all the while; beside it clients that misbehave, one kind after the other. What each kind sends
// in detail is proven of the server within a process (test/e2e/rpc-server.test.ts).

const KEY = 'open-sesame'
/** More than the program takes at a time. */
const CROWD = 1_200
const CLIENTS_MAX = 1_024
const PATIENCE = { timeout: 90_000, interval: 100 }

const addresses = loopbackAddresses()
const sockets = new Set<Socket>()
const failures: string[] = []
let program: AgentProgram
let node: GossipNode
let client: RpcClient

beforeAll(async () => {
  program = await startAgentProgram('front', addresses.next(), '-rpc-auth', KEY)
  node = createSerf({ hostName: 'back', bind: `${addresses.next()}:7946` })
  node.on('member-failed', ({ members }) => failures.push(...members.map(({ name }) => name)))
  await node.start()
  await node.join([program.host])
  client = await trusted()
})

afterAll(async () => {
  for (const socket of sockets) socket.destroy()
  client?.close()
  await node?.stop()
  await program?.[Symbol.asyncDispose]()
})

function trusted(): Promise<RpcClient> {
  return connectRpc({ rpcAddress: `${program.host}:7373`, authKey: KEY })
}

async function visit(): Promise<Socket> {
  const socket = connect(7373, program.host)
  sockets.add(socket)
  socket.on('error', () => {})
  socket.once('close', () => sockets.delete(socket))
  socket.resume()
  await once(socket, 'connect')
  return socket
}

/** Whoever has the key is answered, and what it tells comes to the other member, by gossip. */
async function othersAreServed(news: string): Promise<void> {
  const heard = new Promise<void>((resolve) => {
    const stop = node.on('user-event', ({ name }) => {
      if (name !== news) return
      stop()
      resolve()
    })
  })
  expect((await client.members()).map(({ name }) => name).toSorted()).toEqual(['back', 'front'])
  await client.event(news)
  await heard
  expect(failures).toEqual([])
}

/** `once` would reject where writing fails, as it may once the other end has hung up. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()))
}

describe('libring agent goes on with others while clients of its RPC', () => {
  test.each<[string, Uint8Array, number]>([
    [
      'send frames of no end',
      concatBytes([handshake, header('auth'), Uint8Array.of(0x81), textOf(0x7fff_ffff)]),
      64,
    ],
    ['nest without end', new Uint8Array(100_000).fill(0x91), 64],
    ['say nothing that can be read', Uint8Array.of(0xc1, 1, 2, 3), 64],
  ])('%s', async (kind, bytes, count) => {
    const visitors = await Promise.all(Array.from({ length: count }, visit))
    const over = visitors.map(closed)
    for (const socket of visitors) {
      socket.write(bytes)
      // As long as it is listened to, more of the same.
      socket.write(Buffer.alloc(1_000_000, 0x41))
    }
    await othersAreServed(kind)
    await Promise.all(over)
  })

  test('flood it with what they have no key for', async () => {
    const ask = concatBytes([handshake, ...Array.from({ length: 2_000 }, () => header('members'))])
    let floods = true
    const flood = async (): Promise<void> => {
      while (floods) {
        const socket = await visit()
        const over = closed(socket)
        socket.end(ask)
        await over
      }
    }
    const floodings = Array.from({ length: 8 }, flood)
    for (const round of ['first', 'second', 'third']) await othersAreServed(`flood-${round}`)
    floods = false
    await Promise.all(floodings)
  })

  test('come in a crowd, say one byte, and wait', async () => {
    const crowd = await Promise.all(Array.from({ length: CROWD }, visit))
    // Those for whom there is no room are hung up on at once.
    await expect.poll(() => sockets.size, PATIENCE).toBeLessThan(CLIENTS_MAX)
    expect(sockets.size).toBeGreaterThan(CLIENTS_MAX / 2)
    for (const socket of crowd) if (!socket.destroyed) socket.write(Uint8Array.of(0x82))
    while (sockets.size > 0) {
      await othersAreServed(`crowd-${sockets.size}`)
      await passed(1_000)
    }
    // There is room again for whoever comes in earnest.
    const late = await trusted()
    expect(await late.members()).toHaveLength(2)
    late.close()
  })

  test('and it ends as it should', async () => {
    program.program.child.kill('SIGINT')
    expect(await program.program.status).toBe(0)
    expect(program.program.out).not.toContain('[ERR]')
  })
})
