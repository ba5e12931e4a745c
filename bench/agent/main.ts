// An agent under load, while it gossips with others: a thousand clients of its server-sent events, and
// requests by RPC and HTTP as fast as one process asks them. Nobody dies, so nobody is to be held for
// dead.
//
//   npm run bench:agent                          a minute
//   npm run bench:agent -- --seconds 10 --streams 100 --members 3
//
// Ends with 1 when somebody was held for failed, or a stream was lost.

import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cpus, loadavg } from 'node:os'
import { setTimeout as passed } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { loopbackAddresses } from '../../test/support/loopback.ts'
import { table } from '../ring/report.ts'
import {
  HTTP_PORT,
  RPC_PORT,
  type Asked,
  type LoadReport,
  type LoadTask,
  type MemberReport,
  type MemberTask,
  type Percentiles,
} from './tasks.ts'

const STREAMS = 1_000
const SAMPLE_EVERY_MS = 1_000

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    streams: { type: 'string', default: String(STREAMS) },
    members: { type: 'string', default: '5' },
    parallel: { type: 'string', default: '8' },
  },
})

const children: ChildProcess[] = []

try {
  await bench()
} finally {
  for (const child of children) child.kill()
}

async function bench(): Promise<void> {
  const members = await startMembers(Number(values.members))
  const [subject] = members as [ChildProcess]
  const before = await reportsOf(members, 'settle')
  const [{ name: host }] = before as [MemberReport]
  const load = start('load.main.ts', {
    rpc: `${host}:${RPC_PORT}`,
    url: `http://${host}:${HTTP_PORT}`,
    streams: Number(values.streams),
    parallel: Number(values.parallel),
    seconds: Number(values.seconds),
  } satisfies LoadTask)
  await once(load, 'message')
  const connected = await reportOf(subject, 'settle')
  const samples = [connected]
  const done = once(load, 'message').then(([report]) => report as LoadReport)
  load.send('begin')
  let found: LoadReport | undefined
  while (found === undefined) {
    found = await Promise.race([done, passed(SAMPLE_EVERY_MS, undefined)])
    samples.push(await reportOf(subject))
  }
  const after = await reportsOf(members, 'settle')
  print({ before, samples, after, load: found })
}

interface Found {
  /** Of every member, at rest. */
  readonly before: readonly MemberReport[]
  /** Of the member that is asked, once all streams are there, and then once a second. */
  readonly samples: readonly MemberReport[]
  readonly after: readonly MemberReport[]
  readonly load: LoadReport
}

function print({ before, samples, after, load }: Found): void {
  const sum = (of: (report: MemberReport) => number) => after.reduce((all, one) => all + of(one), 0)
  const falselyFailed = sum((report) => report.falselyFailed)
  const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`
  const most = (of: (report: MemberReport) => number) => Math.max(...samples.map(of))
  const rate = (count: number) => `${(count / load.seconds).toFixed(0)}/s`
  const others = after.slice(1)
  const last = samples.at(-1)!
  const rows: [string, string][] = [
    ['members falsely failed, of all', String(falselyFailed)],
    [
      'probes unanswered, of all',
      `${sum((each) => each.probesFailed)} of ${sum((each) => each.probes)}`,
    ],
    ['health score, the worst', String(most(({ healthScore }) => healthScore))],
    ['streams open, lost', `${samples[0]!.streams}, ${load.streamsLost}`],
    ['user events told, heard by streams', `${load.userEvents}, ${load.eventsHeard}`],
    ['records of RPC dropped for slow clients', String(last.recordsDropped)],
    ['RPC requests (members)', `${rate(load.rpcRequests)}, ${timesText(load.rpcMs)}`],
    ['HTTP requests (members, lookups)', `${rate(load.httpRequests)}, ${timesText(load.httpMs)}`],
    [
      'requests that failed',
      `${load.errors}${load.firstError === undefined ? '' : `: ${load.firstError}`}`,
    ],
    ['memory at the start', mib(before[0]!.residentBytes)],
    ['memory with all streams', mib(samples[0]!.residentBytes)],
    ['memory at most', mib(most(({ residentBytes }) => residentBytes))],
    ['memory at the end', mib(last.residentBytes)],
    [
      'heap in use: before, with all streams, after all',
      [before[0]!, samples[0]!, after[0]!].map((each) => mib(each.heapBytes)).join(', '),
    ],
    [
      'event loop lag, 99 % and most',
      `${last.lagP99Ms.toFixed(0)} ms, ${last.lagMaxMs.toFixed(0)} ms`,
    ],
    [
      'round trip to the farthest, as the others have it',
      `${Math.max(...others.map(({ rttMs }) => rttMs)).toFixed(1)} ms`,
    ],
  ]
  console.log(`${after.length} members, load on the first of them for ${load.seconds.toFixed(0)} s`)
  console.log(table(['figure', 'value'], rows))
  console.log(
    `${cpus()[0]!.model}, ${cpus().length} cores, Node ${process.version}, load average ${loadavg()[0]!.toFixed(1)}`,
  )
  if (falselyFailed > 0 || load.streamsLost > 0) process.exitCode = 1
}

function timesText({ p50, p99, max }: Percentiles): string {
  return `50 % in ${p50.toFixed(1)} ms, 99 % in ${p99.toFixed(1)} ms, at most ${max.toFixed(0)} ms`
}

async function startMembers(count: number): Promise<ChildProcess[]> {
  const loopback = loopbackAddresses()
  const hosts = Array.from({ length: count }, () => loopback.next())
  const members = hosts.map((host) => {
    return start('member.main.ts', { host, join: hosts, members: count } satisfies MemberTask)
  })
  await Promise.all(members.map((member) => once(member, 'message')))
  return members
}

function start(file: string, task: MemberTask | LoadTask): ChildProcess {
  const path = fileURLToPath(new URL(file, import.meta.url))
  const execArgv = [...process.execArgv, '--expose-gc']
  const child = fork(path, [JSON.stringify(task)], { execArgv })
  children.push(child)
  child.once('exit', (code) => {
    if (code === 0 || child.killed) return
    console.error(`${file} ended with ${code}`)
    for (const other of children) other.kill()
    process.exit(1)
  })
  return child
}

async function reportOf(member: ChildProcess, ask: Asked = 'report'): Promise<MemberReport> {
  const told = once(member, 'message')
  member.send(ask)
  const [report] = (await told) as [MemberReport]
  return report
}

function reportsOf(members: readonly ChildProcess[], ask: Asked): Promise<MemberReport[]> {
  return Promise.all(members.map((member) => reportOf(member, ask)))
}
