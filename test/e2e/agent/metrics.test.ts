import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { Cluster } from 'libring'
import { Consumers } from '../../../packages/agent/src/consumers/consumers.ts'
import { serveHttpApi } from '../../../packages/agent/src/http-api/serve.ts'
import { createMetrics, type Metrics } from '../../../packages/agent/src/metrics/metrics.ts'
import { hasPromtool, metricsNamedIn, promtool, RULES_FILE } from '../../support/prometheus.ts'
import { loopbackAddresses } from '../../support/loopback.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const loopback = loopbackAddresses()
const stops: (() => unknown)[] = []

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

/** Two members of one ring, and the metrics of the first. */
async function twoMembers(): Promise<Metrics> {
  const addresses = [loopback.next(), loopback.next()]
  const clusters = addresses.map((address, index) => {
    return new Cluster({
      hostName: `member-${index}`,
      partitions: 16,
      redundancy: 2,
      settleMs: 100,
      bootstrapHosts: addresses,
      serf: { bind: `${address}:7946`, profile: 'local', leavePropagateDelayMs: 100 },
    })
  })
  const [first] = clusters as [Cluster, Cluster]
  const metrics = createMetrics({
    cluster: first,
    partitions: 16,
    serf: first.serf,
    version: '1.2.3',
  })
  stops.push(() => metrics.stop())
  for (const cluster of clusters) {
    stops.push(() => cluster.stop({ signal: AbortSignal.abort() }))
    await cluster.start()
  }
  await first.ready({ members: 2, signal: AbortSignal.timeout(30_000) })
  // A round trip is known once a probe was answered.
  await expect.poll(() => metrics.metrics(), { timeout: 30_000 }).toContain('libring_rtt_seconds{')
  return metrics
}

test('Prometheus gets over HTTP what there is', async () => {
  const host = loopback.next()
  const cluster = new Cluster({
    hostName: 'alone',
    serf: { bind: `${host}:7946`, profile: 'local' },
  })
  stops.push(() => cluster.stop({ signal: AbortSignal.abort() }))
  const metrics = createMetrics({ cluster, partitions: 512, serf: cluster.serf, version: '1.2.3' })
  stops.push(() => metrics.stop())
  await cluster.start()
  const api = await serveHttpApi({
    cluster,
    consumers: new Consumers(),
    ring: {},
    token: 'sixteen-characters',
    port: 0,
    metrics,
  })
  stops.push(() => api.close())
  const response = await fetch(`${api.url}/v1/metrics`)
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe(metrics.contentType)
  expect(await response.text()).toContain('libring_agent_info{version="1.2.3"} 1\n')
})

describe('a live scrape', () => {
  test('is what Prometheus reads, with names, units and help as its rules want them', async ({
    skip,
  }) => {
    const metrics = await twoMembers()
    expect(metrics.contentType).toContain('text/plain; version=0.0.4')
    const text = await metrics.metrics()
    expect(text).toContain('libring_members{status="alive"} 2\n')
    expect(text).toContain('libring_agent_info{version="1.2.3"} 1\n')
    expect(text).toContain('nodejs_eventloop_lag_p99_seconds ')
    expect(text).toContain('process_cpu_seconds_total ')
    if (!hasPromtool) skip('promtool is not installed')
    expect(promtool(['check', 'metrics'], text)).toEqual({ status: 0, output: '' })
  })

  test('has every metric that an alert or a page names', async () => {
    const text = await (await twoMembers()).metrics()
    const scraped = new Set([...text.matchAll(/^(?:# HELP )?(\w+)/gm)].map(([, name]) => name))
    const pages = ['metrics', 'alerts', 'runbooks', 'sizing'].map(
      (name) => `docs/operating/${name}.md`,
    )
    for (const file of [RULES_FILE, ...pages]) {
      const named = metricsNamedIn(readFileSync(file, 'utf8'))
      expect(named.length, file).toBeGreaterThan(0)
      // Of a router, which an agent has none of.
      const missing = named.filter((name) => !scraped.has(name) && !/^libring_forwards_/.test(name))
      expect(missing, file).toEqual([])
    }
  })

  test('is asked for on the page in words that Prometheus reads', ({ skip }) => {
    if (!hasPromtool) skip('promtool is not installed')
    const page = readFileSync('docs/operating/metrics.md', 'utf8')
    const queries = [...page.matchAll(/`([^`\n*]*(?:libring|nodejs)_[^`\n*]*)`/g)].map(
      ([, query]) => query!,
    )
    const rules = queries.map((expr, index) => ({ record: `query_${index}`, expr }))
    expect(rules.length).toBeGreaterThan(50)
    const file = join(temporaryFolder(), 'queries.yml')
    // JSON is YAML.
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'page', rules }] }))
    expect(promtool(['check', 'rules', '--lint=none', file])).toMatchObject({ status: 0 })
  })

  test('has a bounded number of series', async () => {
    const before = (await (await twoMembers()).metrics()).split('\n').length
    expect(before).toBeLessThan(500)
  })
})
