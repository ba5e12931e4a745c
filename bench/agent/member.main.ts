/** One member of the bench: a cluster, its RPC, HTTP API and metrics, as an agent has them. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Cluster } from 'libring'
import { serveRpc, type GossipNode } from 'libring/serf'
import { Consumers } from '../../packages/agent/src/consumers/consumers.ts'
import { serveHttpApi } from '../../packages/agent/src/http-api/serve.ts'
import { createMetrics } from '../../packages/agent/src/metrics/metrics.ts'
import { HTTP_PORT, RPC_PORT, type Asked, type MemberReport, type MemberTask } from './tasks.ts'

const PARTITIONS = 512
const TOKEN = 'of-no-secret-in-a-bench'

/** All of the load comes from one address: what is to be seen is what the agent can bear. */
const LIMITS = { requestsPerSecond: 1_000_000 }

void run(JSON.parse(process.argv[2]!) as MemberTask)

async function run({ host, join, members }: MemberTask): Promise<void> {
  const cluster = new Cluster({
    hostName: host,
    partitions: PARTITIONS,
    bootstrapHosts: join,
    serf: { bind: `${host}:7946` },
  })
  const serf = cluster.serf!
  const metrics = createMetrics({ cluster, partitions: PARTITIONS, serf, version: 'bench' })
  let falselyFailed = 0
  serf.on('member-failed', ({ members: failed }) => void (falselyFailed += failed.length))
  await cluster.start()
  const rpc = await serveRpc(serf, { rpcAddress: `${host}:${RPC_PORT}` })
  const http = await serveHttpApi({
    cluster,
    // Nobody takes partitions here: the handlers are not the cluster's.
    consumers: new Consumers(),
    ring: { partitions: PARTITIONS },
    token: TOKEN,
    host,
    port: HTTP_PORT,
    allowedHosts: [host],
    limits: LIMITS,
    metrics,
  })
  await cluster.ready({ members, signal: AbortSignal.timeout(60_000) })

  const lag = monitorEventLoopDelay({ resolution: 10 })
  lag.enable()
  process.on('message', (asked: Asked) => {
    if (asked === 'settle') globalThis.gc?.()
    const { recordsDropped } = rpc.stats
    const report: MemberReport = {
      ...gossipReport(serf),
      falselyFailed,
      lagP99Ms: lag.percentile(99) / 1e6,
      lagMaxMs: lag.max / 1e6,
      residentBytes: process.memoryUsage.rss(),
      heapBytes: process.memoryUsage().heapUsed,
      streams: http.streamsOpen,
      recordsDropped,
    }
    if (asked === 'settle') lag.reset()
    process.send!(report)
  })
  process.once('disconnect', () => process.exit())
  process.send!('ready')
}

function gossipReport(
  serf: GossipNode,
): Pick<MemberReport, 'name' | 'probes' | 'probesFailed' | 'healthScore' | 'rttMs'> {
  const { probes, probesFailed } = serf.stats.swim
  const others = serf.members().filter(({ name }) => name !== serf.localName)
  const rttMs = Math.max(0, ...others.map(({ name }) => serf.rtt(name) ?? 0))
  return { name: serf.localName, probes, probesFailed, healthScore: serf.awareness, rttMs }
}
