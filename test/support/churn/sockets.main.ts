/**
 * The program behind {@link SocketsProcess}: WebSocket clients of rooms, each with an address of its
 * own choice, that connect again for as long as they live.
 */
import { WebSocket } from 'ws'
import { below, seededRandom } from '../../../packages/libring/src/base/random.ts'
import { nowMs } from './words.ts'
import type { SocketChange, SocketsCommand, SocketsNews, SocketsSetup } from './words.ts'

const FLUSH_MS = 20
const AGAIN_MS = 50
const HANDSHAKE_MS = 5_000

const setup = JSON.parse(process.argv[2]!) as SocketsSetup
const tell = (news: SocketsNews): void => void (process.connected && process.send?.(news))
const random = seededRandom(setup.seed, 'sockets')
let hosts: readonly string[] = setup.hosts
let changes: SocketChange[] = []
const clients = new Map<number, WebSocket>()

/** By call and room, who has heard it. */
const heard = new Map<string, Set<number>>()

function connect(id: number): void {
  const host = hosts[below(random, hosts.length)]!
  const room = `room-${id % setup.rooms}`
  const client = new WebSocket(`ws://${host}:8080/${room}`, { handshakeTimeout: HANDSHAKE_MS })
  client.on('message', (data: Buffer) => {
    const message = JSON.parse(data.toString()) as { type: string; member: string; call: string }
    if (message.type === 'hello') {
      clients.set(id, client)
      changes.push([id, nowMs(), message.member])
    } else heard.get(message.call)?.add(id)
  })
  client.on('error', () => {})
  client.on('close', () => {
    if (clients.get(id) === client) {
      clients.delete(id)
      changes.push([id, nowMs(), ''])
    }
    setTimeout(() => connect(id), AGAIN_MS + below(random, AGAIN_MS))
  })
}

setInterval(() => {
  if (changes.length > 0) tell({ type: 'changes', changes })
  changes = []
}, FLUSH_MS)

/** The first socket of every room says something to all others there. */
async function call(id: number): Promise<void> {
  const count = setup.sockets / setup.rooms
  const calls = Array.from({ length: setup.rooms }, (_, room) => `${id} ${room}`)
  for (const [room, text] of calls.entries()) {
    heard.set(text, new Set())
    clients.get(room)?.send(JSON.stringify({ type: 'call', call: text }))
  }
  const isHeard = (): boolean => calls.every((text) => heard.get(text)!.size === count)
  for (let left = 100; left > 0 && !isHeard(); left--) {
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const missing = calls.filter((text) => heard.get(text)!.size < count).length
  for (const text of calls) heard.delete(text)
  tell({ type: 'called', id, missing })
}

process.on('message', (command: SocketsCommand) => {
  if (command.type === 'addresses') ({ hosts } = command)
  else void call(command.id)
})
process.once('disconnect', () => process.exit())
for (let id = 0; id < setup.sockets; id++) connect(id)
