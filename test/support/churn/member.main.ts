/** The program behind {@link MemberProcess}: a member that serves HTTP behind a router. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as passed } from 'node:timers/promises'
import { Cluster, type ClusterMember } from 'libring'
import { createRouter } from 'libring/http'
import { WebSocketServer, type WebSocket } from 'ws'
import { nowMs } from './words.ts'
import type { Answer, Arrival, MemberCommand, MemberNews, MemberSetup } from './words.ts'

const FLUSH_MS = 50
/** How long a request takes to be served. */
const SERVE_MS = 2

const setup = JSON.parse(process.argv[2]!) as MemberSetup
const { name, host, join, keyring, secret, partitions, redundancy, settleMs } = setup
const tell = (news: MemberNews): void => void (process.connected && process.send?.(news))

const cluster = new Cluster({
  hostName: name,
  bootstrapHosts: join,
  partitions,
  redundancy,
  settleMs,
  serf: {
    bind: `${host}:7946`,
    keyring,
    profile: 'local',
    probeIntervalMs: setup.probeIntervalMs,
    probeTimeoutMs: setup.probeTimeoutMs,
    tags: { http: '8080' },
  },
  onAcquire: () => passed(1),
  onChange: () => passed(1),
  onRelease: () => passed(1),
})

/** The number of times that a member says it has forwarded the request. */
function hopsOf(request: IncomingMessage): number {
  const mark = request.headers['libring-forward']
  return typeof mark === 'string' ? Number(mark.split(';')[4]) : 0
}

function keyOf({ url = '' }: IncomingMessage): string {
  return url.slice(url.lastIndexOf('/') + 1)
}

/** What the member knows of the partition of a key, for whoever wonders about an answer. */
function standingOf(key: string): string {
  const partition = cluster.partitionForKey(key)
  const primary = primaryOf(partition)?.name
  const { replica, isReady } = cluster.localRole(partition) ?? {}
  const servedBy = cluster.servedBy(partition)
  return JSON.stringify({ partition, primary, replica, isReady, servedBy, at: nowMs() })
}

let arrivals: Arrival[] = []
const note = (request: IncomingMessage, response: ServerResponse): void => {
  const name = String(request.headers['request-name'] ?? '')
  const hop = hopsOf(request)
  response.once('close', () => {
    const { statusCode, writableFinished } = response
    const why = statusCode === 200 ? '' : standingOf(keyOf(request))
    arrivals.push([name, hop, writableFinished ? statusCode : 0, why])
  })
}
setInterval(() => {
  if (arrivals.length > 0) tell({ type: 'arrivals', arrivals })
  arrivals = []
}, FLUSH_MS)

const rooms = new Map<string, Set<WebSocket>>()
const sockets = new WebSocketServer({ noServer: true })

const router = createRouter(cluster, {
  keyOf,
  serveFrom: ({ url = '' }) => (url.startsWith('/read/') ? 'holders' : 'primary'),
  async serve(request, response, { partition, held }) {
    const servedAt = nowMs()
    const token = held?.tokenHex
    let bytes = 0
    for await (const chunk of request) bytes += (chunk as Buffer).length
    await passed(SERVE_MS)
    const hops = hopsOf(request)
    const answer: Answer = {
      ...{ member: name, partition, token, hops, servedAt, endedAt: nowMs(), bytes },
    }
    response.end(JSON.stringify(answer))
  },
  serveUpgrade(request, socket, head, { key, held, signal }) {
    sockets.handleUpgrade(request, socket, head, (client) => {
      const room = rooms.get(String(key)) ?? new Set()
      rooms.set(String(key), room.add(client))
      signal.addEventListener('abort', () => client.close(1012, 'the room moves'))
      client.on('close', () => room.delete(client))
      client.on('error', () => client.terminate())
      client.on('message', (data) => {
        for (const each of room) each.send(data, { binary: false })
      })
      client.send(JSON.stringify({ type: 'hello', member: name, token: held?.tokenHex }))
    })
  },
  secret,
  maxHops: setup.maxHops,
  acquireWaitMs: setup.acquireWaitMs,
  upstreamTimeoutMs: setup.upstreamTimeoutMs,
  // The machine may be busy with other things.
  maxEventLoopDelayMs: 0,
})

cluster.on('acquire', ({ partition, replica }) => step(partition, replica))
cluster.on('change', ({ partition, replica }) => step(partition, replica))
cluster.on('release', ({ partition }) => step(partition, undefined))
cluster.on('stalled', () => tell({ type: 'stalled', at: nowMs() }))
cluster.on('member', ({ members }) => {
  for (const member of members) {
    if (member.status === 'leaving') continue
    const what = member.status === 'alive' ? 'joined' : member.status
    tell({ type: 'heard', at: nowMs(), what, name: member.name })
  }
})

function step(partition: number, replica: number | undefined): void {
  const token = replica === 0 ? cluster.held(partition)?.tokenHex : undefined
  tell({ type: 'step', at: nowMs(), partition, replica, token })
}

const server = createServer()
// A process that a busy machine kept from running looks first for connections that were idle for too
// long, and would close them with the requests that have come meanwhile.
server.keepAliveTimeout = 60_000
server.on('request', note)
router.attach(server)
server.listen(8080, host)
await once(server, 'listening')

async function close(): Promise<void> {
  for (const client of sockets.clients) client.close(1001)
  await router.shutdown(server)
  if (arrivals.length > 0) tell({ type: 'arrivals', arrivals })
  process.disconnect()
}

function primaryOf(partition: number): ClusterMember | undefined {
  return cluster.holdersForPartition(partition)[0]
}

process.on('message', (command: MemberCommand) => {
  switch (command.type) {
    case 'state': {
      const all = Array.from({ length: partitions }, (_, at) => at)
      tell({
        type: 'state',
        id: command.id,
        state: {
          members: cluster.members.map((member) => member.name),
          primaries: all.map((partition) => primaryOf(partition)?.name ?? ''),
          serving: all.filter((partition) => cluster.localRole(partition)?.isServing === true),
        },
      })
      return
    }
    case 'drain':
      void cluster.drain().then(() => tell({ type: 'drained' }))
      return
    case 'close':
      void close()
  }
})
process.once('disconnect', () => process.exit())
await cluster.start()
// Before it has found the others it cannot say where anything is.
await cluster.ready({ members: 2 })
tell({ type: 'started' })
