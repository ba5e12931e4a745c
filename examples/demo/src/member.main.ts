/** One member of the demo: a server that answers for the paths it owns, and a report of what it holds. */
import { createServer, type ServerResponse } from 'node:http'
import { Cluster, type OwnershipEvent } from 'libring'
import { createRouter } from 'libring/http'
import type { Answer, FromMember, MemberSetup, Step, ToMember } from './messages.ts'

/** Steps come in bursts of hundreds; they are told in batches. */
const BATCH_MS = 20

const setup = JSON.parse(process.argv[2]!) as MemberSetup
const { name, http } = setup

// Whoever started this member decides when it ends; when that process dies, so does this one.
process.on('SIGINT', () => {})
process.once('disconnect', () => process.exit())
if (!process.connected) process.exit()

const cluster = new Cluster({
  hostName: name,
  bootstrapHosts: setup.bootstrapHosts,
  watchTags: { ring: /^active$/ },
  partitions: setup.partitions,
  redundancy: setup.redundancy,
  minMembers: setup.minMembers,
  serf: {
    bind: setup.bind,
    profile: 'local',
    // So that news reach everybody by gossip, and need not wait for the next full exchange.
    retransmitMult: 4,
    tags: { ring: 'active', http: `${http.port}` },
  },
})

const router = createRouter(cluster, {
  keyOf: (request) => request.url?.split('?', 1)[0],
  serve: (_request, response, { key, partition }) => {
    answer(response, { path: String(key), partition, servedBy: name })
  },
})
const server = createServer()
router.attach(server)

process.on('message', (message: ToMember) => {
  if (message.type === 'leave') void leave()
})

await new Promise<void>((resolve) => server.listen(http.port, http.host, resolve))
await cluster.start()
tell({ type: 'up' })
await reportSteps()

async function reportSteps(): Promise<void> {
  let batch: Step[] = []
  for await (const event of cluster.events) {
    if (batch.length === 0) {
      setTimeout(() => {
        tell({ type: 'steps', steps: batch })
        batch = []
      }, BATCH_MS)
    }
    batch.push(stepOf(event))
  }
}

function stepOf(event: OwnershipEvent): Step {
  const { type, partition, replica } = event
  if (type !== 'change') return { type, partition, replica }
  return { type, partition, replica, previousReplica: event.previousReplica }
}

async function leave(): Promise<void> {
  await cluster.drain()
  await router.shutdown(server)
  // What was released on the way out is still to be told.
  setTimeout(() => process.disconnect(), 2 * BATCH_MS)
}

function answer(response: ServerResponse, body: Answer): void {
  response.setHeader('content-type', 'application/json')
  response.end(`${JSON.stringify(body)}\n`)
}

function tell(message: FromMember): void {
  process.send?.(message)
}
