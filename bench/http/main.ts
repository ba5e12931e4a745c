// What a router costs: requests per second, latency and processor time of requests that are served
// here and that are forwarded, side by side in one run with a bare server and with other ways to
// forward. Every server, and the clients, in a process of its own.
//
//   npm run bench:http                        about five minutes
//   npm run bench:http -- --rounds 3 --ms 1000
//   npm run bench:http -- --profile forward   leaves a .cpuprofile of that one in this folder
//
// Rounds are interleaved, so that other work on the machine falls on all alike; ratios are of one
// round each, and their median is what counts. Writes bench/results/http.json and, from that, the
// figures in docs/internals/routing-figures.md.

import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { BENCH_PACKAGES, ensureSystemPackages } from '../../scripts/system-packages.ts'
import { loopbackAddresses } from '../../test/support/loopback.ts'
import { writeFigures, writeResults } from '../figures-page.ts'
import { table } from '../ring/report.ts'
import {
  Clients,
  hasNginx,
  startNginx,
  startServer,
  withoutRouter,
  type LoadResult,
  type Running,
} from './subjects.ts'

const PATHS = Array.from({ length: 400 }, (_, at) => `/carts/${at}?full=yes`)
const SECRET = 'shared by these members alone'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '13' },
    ms: { type: 'string', default: '1100' },
    connections: { type: 'string', default: '32' },
    profile: { type: 'string' },
  },
})

/** One way that requests take, and with what it is compared. */
interface Subject {
  readonly name: string
  readonly front: Running
  /** Everybody that works on a request. */
  readonly all: readonly Running[]
  readonly reference: string
  /** What its ratios are to be at least. */
  readonly target?: number
}

interface Round extends LoadResult {
  /** Microseconds of processor time for one request, of the server that is asked and of all. */
  readonly frontUs: number
  readonly allUs: number
}

const loopback = loopbackAddresses()
const at = (port = 8080) => ({ host: loopback.next(), port })
const profiled = (name: string) =>
  values.profile === name ? ['--cpu-prof', '--cpu-prof-name', `${name}.cpuprofile`] : []

ensureSystemPackages(BENCH_PACKAGES)
const bare = await startServer({ kind: 'bare', ...at() }, profiled('bare'))
const upstream = `http://${bare.host}:${bare.port}`
const undici = await startServer({ kind: 'undici', ...at(), upstream }, profiled('by hand'))
const proxy = await startServer({ kind: 'http-proxy-3', ...at(), upstream })
const [ann, bob] = await ring({})
const [cat, dan] = await ring({ secret: SECRET })
const paths = await bob.owned(PATHS)
const signedPaths = await dan.owned(PATHS)

const subjects: Subject[] = [
  { name: 'bare node:http', front: bare, all: [bare], reference: 'bare node:http' },
  {
    name: 'node:http in a member',
    front: withoutRouter(bob),
    all: [bob],
    reference: 'bare node:http',
  },
  {
    name: 'libring, served here',
    front: bob,
    all: [bob],
    reference: 'bare node:http',
    target: 0.95,
  },
  { name: 'undici by hand', front: undici, all: [undici, bare], reference: 'undici by hand' },
  {
    name: 'libring, forwarded',
    front: ann,
    all: [ann, bob],
    reference: 'undici by hand',
    target: 0.9,
  },
  { name: 'libring, forwarded, secret', front: cat, all: [cat, dan], reference: 'undici by hand' },
  { name: 'http-proxy-3', front: proxy, all: [proxy, bare], reference: 'undici by hand' },
]
if (hasNginx()) {
  const nginx = await startNginx(loopback.next(), `${bare.host}:${bare.port}`)
  subjects.push({ name: 'nginx', front: nginx, all: [nginx, bare], reference: 'undici by hand' })
}

const clients = new Clients()
const results: Record<string, Record<string, Round[]>> = {}
for (const [what, bodyBytes] of [
  ['GET', 0],
  ['POST 16 KiB', 16_384],
] as const) {
  const rounds: Record<string, Round[]> = {}
  results[what] = rounds
  for (const { name } of subjects) rounds[name] = []
  for (const subject of [...subjects, ...subjects]) await run(subject, bodyBytes)
  for (let round = 0; round < Number(values.rounds); round++) {
    // Each comes first, and after each other one, as often as any.
    for (let turn = 0; turn < subjects.length; turn++) {
      const subject = subjects[(turn + round) % subjects.length]!
      rounds[subject.name]!.push(await run(subject, bodyBytes))
    }
  }
}
clients.stop()

const found = {
  machine: { cpu: cpus()[0]!.model, cores: cpus().length, node: process.version },
  date: new Date().toISOString().slice(0, 10),
  loadAverage: loadavg()[0]!,
  rounds: Number(values.rounds),
  rows: Object.entries(results).flatMap(([what, rounds]) =>
    subjects.map((subject) => {
      return summary(what, subject, rounds[subject.name]!, rounds[subject.reference]!)
    }),
  ),
}
const figures = table(
  [
    'requests',
    'by',
    'per s',
    'p50 ms',
    'p99 ms',
    'CPU us',
    'CPU us, all',
    'ratio',
    'p50 ratio',
    'CPU ratio',
    'target',
    'failed',
  ],
  found.rows.map((row) => [
    row.what,
    row.name,
    row.perSecond.toFixed(0),
    row.p50.toFixed(2),
    row.p99.toFixed(2),
    row.frontUs.toFixed(0),
    row.allUs.toFixed(0),
    row.ratio.toFixed(3),
    row.p50Ratio.toFixed(3),
    row.cpuRatio.toFixed(3),
    mark(row),
    String(row.failed),
  ]),
)
console.log(figures)
if (values.profile === undefined) {
  writeResults('http', found)
  writeFigures('http', [
    figures,
    `On ${found.date}, ${found.machine.cpu}, ${found.machine.cores} cores, Node ${found.machine.node}, ${found.rounds} rounds of ${values.ms} ms,`,
    `load average ${found.loadAverage.toFixed(1)} at the end, this included.`,
  ])
}
for (const { child } of new Set(subjects.flatMap(({ all }) => all))) {
  if (child.connected) child.disconnect()
  else child.kill('SIGTERM')
}

async function ring(given: { secret?: string }): Promise<[Running, Running]> {
  const one = at()
  const two = at()
  const name = given.secret === undefined ? 'forward' : 'signed'
  return Promise.all([
    startServer({ kind: 'libring', ...one, join: [two.host], ...given }, profiled(name)),
    startServer({ kind: 'libring', ...two, join: [one.host], ...given }, profiled('serve')),
  ])
}

async function run({ front, all, name }: Subject, bodyBytes: number): Promise<Round> {
  const frontBefore = front.cpuMs()
  const allBefore = all.reduce((sum, each) => sum + each.cpuMs(), 0)
  const result = await clients.run({
    host: front.host,
    port: front.port,
    paths: name.includes('secret') ? signedPaths : paths,
    bodyBytes,
    connections: Number(values.connections),
    ms: Number(values.ms),
  })
  const allMs = all.reduce((sum, each) => sum + each.cpuMs(), 0) - allBefore
  return {
    ...result,
    frontUs: ((front.cpuMs() - frontBefore) * 1_000) / result.count,
    allUs: (allMs * 1_000) / result.count,
  }
}

function summary(
  what: string,
  { name, target }: Subject,
  rounds: readonly Round[],
  reference: readonly Round[],
) {
  const of = (pick: (round: Round) => number) => median(rounds.map(pick))
  return {
    what,
    name,
    perSecond: of(({ perSecond }) => perSecond),
    p50: of(({ p50 }) => p50),
    p99: of(({ p99 }) => p99),
    frontUs: of(({ frontUs }) => frontUs),
    allUs: of(({ allUs }) => allUs),
    target,
    /** Of requests per second, latency, and processor time of the server asked; more is better. */
    ratio: median(rounds.map((round, index) => round.perSecond / reference[index]!.perSecond)),
    p50Ratio: median(rounds.map((round, index) => reference[index]!.p50 / round.p50)),
    cpuRatio: median(rounds.map((round, index) => reference[index]!.frontUs / round.frontUs)),
    failed: rounds.reduce((sum, { failed }) => sum + failed, 0),
  }
}

/** Whether requests per second and latency are both as they should be. */
function mark({ ratio, p50Ratio, target }: ReturnType<typeof summary>): string {
  if (target === undefined) return '-'
  return `${target} ${Math.min(ratio, p50Ratio) >= target ? 'met' : 'missed'}`
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((left, right) => left - right)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
