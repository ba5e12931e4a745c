/** The program behind crowd.ts: many nodes in one process, and what they cost it while idle. */
import { setTimeout as pause } from 'node:timers/promises'
import { createGossipNode } from 'libring/serf'
import type { CrowdFigures } from './crowd.ts'

const SETTLE_MS = 15_000
const IDLE_MS = 30_000
const POLL_MS = 250
/** Who joins at once: a listener has room for some hundred connections that wait. */
const BATCH = 20

const hosts = JSON.parse(process.argv[2]!) as readonly string[]
const nodes = hosts.map((host, index) =>
  createGossipNode({ hostName: `node-${index}`, bind: `${host}:7946`, profile: 'lan' }),
)
await Promise.all(nodes.map((node) => node.start()))
const [, ...joiners] = nodes
for (let from = 0; from < joiners.length; from += BATCH) {
  const batch = joiners.slice(from, from + BATCH)
  await Promise.all(batch.map((node) => node.join([`${hosts[0]}:7946`])))
}
while (nodes.some((node) => node.members().length < nodes.length)) await pause(POLL_MS)
await pause(SETTLE_MS)

const [before, startMs] = [process.cpuUsage(), performance.now()]
await pause(IDLE_MS)
const { user, system } = process.cpuUsage(before)
const share = (user + system) / 1_000 / (performance.now() - startMs)
const isWhole = nodes.every((node) => node.members().every(({ status }) => status === 'alive'))
const { rss, heapUsed } = process.memoryUsage()
const figures: CrowdFigures = { nodes: nodes.length, cpuShare: share, rss, heapUsed, isWhole }
console.log(JSON.stringify(figures))
process.exit()
