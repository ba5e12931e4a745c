// An agent under load, while it gossips with others: a thousand clients of its server-sent events, and
// requests by RPC and HTTP as fast as one process asks them. All agents are `libring agent`, in processes
// of their own. Nobody dies, so nobody is to be held for dead.
//
//   npm run bench:agent                          a minute
//   npm run bench:agent -- --seconds 10 --streams 100 --members 3
//
// Ends with 1 when somebody was held for failed, or a stream was lost. Figures of a minute and more go to
// docs/operating/sizing.md.

import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cpus, loadavg } from 'node:os'
import { setTimeout as passed } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { loopbackAddresses } from '../../test/support/loopback.ts'
import { writeFigures, writeResults } from '../figures-page.ts'
import { table } from '../ring/report.ts'
import { AgentProcess, type Scrape } from './agent-process.ts'
import type { LoadReport, LoadTask, Percentiles } from './tasks.ts'

const STREAMS = 1_000
const WRITTEN_FROM_SECONDS = 60
const SAMPLE_EVERY_MS = 1_000
const WAITING = ['libring_handoffs_in_flight', 'libring_partitions_unready'] as const
const WHOLE = { maximumFractionDigits: 0 } as const

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    streams: { type: 'string', default: String(STREAMS) },
    members: { type: 'string', default: '5' },
    parallel: { type: 'string', default: '8' },
  },
})
const loopback = loopbackAddresses()

interface Found {
  readonly agents: readonly AgentProcess[]
  /** Of every agent, once all have met. */
  readonly before: readonly Scrape[]
  /** Of the agent that is asked, once all streams are there, and then once a second. */
  readonly samples: readonly Scrape[]
  readonly after: readonly Scrape[]
  readonly load: LoadReport
}

await bench()

async function bench(): Promise<void> {
  const hosts = Array.from({ length: Number(values.members) }, () => loopback.next())
  const agents = await Promise.all(hosts.map((host) => AgentProcess.start(host, hosts)))
  const [subject] = agents as [AgentProcess]
  try {
    await allHaveMet(agents)
    const before = await scrapesOf(agents)
    const load = startLoad({
      rpc: subject.rpc,
      url: subject.url,
      streams: Number(values.streams),
      from: Array.from({ length: Number(values.parallel) }, () => loopback.next()),
      seconds: Number(values.seconds),
    })
    try {
      await once(load, 'message')
      const samples = [await subject.scrape()]
      const done = once(load, 'message').then(([report]) => report as LoadReport)
      load.send('begin')
      let found: LoadReport | undefined
      while (found === undefined) {
        found = await Promise.race([done, passed(SAMPLE_EVERY_MS, undefined)])
        samples.push(await subject.scrape())
      }
      tell({ agents, before, samples, after: await scrapesOf(agents), load: found })
    } finally {
      load.kill()
    }
  } finally {
    await Promise.all(agents.map((agent) => agent.end()))
  }
}

function tell({ agents, before, samples, after, load }: Found): void {
  const rows = rowsOf({ agents, before, samples, after, load })
  const lines = table(['Figure', 'Value'], rows)
  const machine = `${cpus().length} cores (${cpus()[0]!.model.trim()}, Node ${process.version}, load average ${loadavg()[0]!.toFixed(1)})`
  const date = new Date().toISOString().slice(0, 10)
  const streams = samples[0] === undefined ? '' : Number(values.streams).toLocaleString('en')
  const title = `On ${date}, ${agents.length} agents, ${streams} streams and the load, all on ${machine}, in ${load.seconds.toFixed(0)} s:`
  console.log(`${title}\n\n${lines}`)
  const falselyFailed = agents.reduce((all, agent) => all + agent.falselyFailed, 0)
  if (falselyFailed > 0 || load.streamsLost > 0) process.exitCode = 1
  if (load.seconds < WRITTEN_FROM_SECONDS || Number(values.streams) < STREAMS) return
  writeResults('agent', { date, machine, figures: Object.fromEntries(rows) })
  writeFigures('agent', [title, '', ...lines.trimEnd().split('\n')], 'operating/sizing')
}

function rowsOf({ agents, before, samples, after, load }: Found): [string, string][] {
  const sum = (name: string) => after.reduce((all, scrape) => all + valueOf(scrape, name), 0)
  const most = (name: string) => Math.max(...samples.map((scrape) => valueOf(scrape, name)))
  const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(0)
  const rate = (count: number) => `${(count / load.seconds).toLocaleString('en', WHOLE)}/s`
  const resident = 'process_resident_memory_bytes'
  const memory = [valueOf(before[0]!, resident), valueOf(samples[0]!, resident), most(resident)]
  const heard = Number(values.streams) * load.userEvents
  const farthest = after
    .slice(1)
    .map((scrape) => valueOf(scrape, 'libring_rtt_seconds{stat="max"}'))
  const lag = (stat: string) =>
    `${(most(`nodejs_eventloop_lag_${stat}_seconds`) * 1_000).toFixed(0)} ms`
  const count = (number: number) => number.toLocaleString('en')
  return [
    [
      'members held for failed, by any of the agents',
      `${agents.reduce((all, agent) => all + agent.falselyFailed, 0)}`,
    ],
    [
      'probes unanswered, of all',
      `${sum('libring_probes_failed_total')} of ${sum('libring_probes_total')}`,
    ],
    ['health score, the worst', `${most('libring_health_score')}`],
    ['streams that were lost', `${load.streamsLost}`],
    [
      'user events that streams heard, of those they were to',
      `${count(load.eventsHeard)} of ${count(heard)}`,
    ],
    ['requests by RPC (`members`)', `${rate(load.rpcRequests)}, ${timesText(load.rpcMs)}`],
    [
      'requests by HTTP (members, lookups)',
      `${rate(load.httpRequests)}, ${timesText(load.httpMs)}`,
    ],
    [
      'requests that failed',
      `${load.errors}${load.firstError === undefined ? '' : `: ${load.firstError}`}`,
    ],
    ['its memory: before, with all streams, at most', `${memory.map(mib).join(', ')} MiB`],
    ['its event loop late: 99 % of the worst second, and at most', `${lag('p99')}, ${lag('max')}`],
    [
      'round trip to the farthest, as the others have it',
      `${(Math.max(...farthest) * 1_000).toFixed(1)} ms`,
    ],
  ]
}

function valueOf(scrape: Scrape, name: string): number {
  const value = scrape.get(name)
  if (value === undefined) throw new Error(`an agent shows no ${name}`)
  return value
}

function timesText({ p50, p99, max }: Percentiles): string {
  return `50 % in ${p50.toFixed(1)} ms, 99 % in ${p99.toFixed(1)} ms, at most ${max.toFixed(0)} ms`
}

function scrapesOf(agents: readonly AgentProcess[]): Promise<Scrape[]> {
  return Promise.all(agents.map((agent) => agent.scrape()))
}

/** Each sees all in the ring, has what it is to hold, and knows how far the others are. */
async function allHaveMet(agents: readonly AgentProcess[]): Promise<void> {
  for (const agent of agents) {
    for (;;) {
      const scrape = await agent.scrape()
      const isThere = scrape.get('libring_ring_members') === agents.length
      const isDone = WAITING.every((name) => scrape.get(name) === 0)
      if (isThere && isDone && scrape.has('libring_rtt_seconds{stat="max"}')) break
      await passed(100)
    }
  }
}

function startLoad(task: LoadTask): ChildProcess {
  const path = fileURLToPath(new URL('load.main.ts', import.meta.url))
  const child = fork(path, [JSON.stringify(task)])
  child.once('exit', (code) => {
    if (code !== 0 && !child.killed) throw new Error(`the load ended with ${code}`)
  })
  return child
}
