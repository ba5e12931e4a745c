/** One member of the bench: a cluster, its RPC and its metrics, as an agent has them. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Cluster } from 'libring'
import { serveRpc, type GossipNode } from 'libring/serf'
import { createMetrics } from '../../packages/agent/src/metrics/metrics.ts'
import { METRICS_PORT, RPC_PORT, type MemberReport, type MemberTask } from './tasks.ts'

const PARTITIONS = 512

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
  const server = createServer((_request, response) => {
    void metrics.text().then((text) => {
      response.setHeader('content-type', metrics.contentType)
      response.end(text)
    })
  }).listen(METRICS_PORT, host)
  await once(server, 'listening')
  await cluster.ready({ members, signal: AbortSignal.timeout(60_000) })

  const lag = monitorEventLoopDelay({ resolution: 10 })
  lag.enable()
  process.on('message', (asked: 'report' | 'report and begin anew') => {
    const { clients, recordsDropped } = rpc.stats
    const report: MemberReport = {
      ...gossipReport(serf),
      falselyFailed,
      lagP99Ms: lag.percentile(99) / 1e6,
      lagMaxMs: lag.max / 1e6,
      residentBytes: process.memoryUsage.rss(),
      clients,
      recordsDropped,
    }
    if (asked === 'report and begin anew') lag.reset()
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
