// What ownership costs a node as the cluster grows, and whether a thousand nodes can be simulated
// for ten minutes in one. Promises are watched all the while; a breach fails the run.
//
//   npm run bench:ownership                                everything, some minutes
//   npm run bench:ownership -- --only told                 membership without gossip; or: gossip
//   npm run bench:ownership -- --sizes 10,30 --changes 8   those sizes only
//
// Writes bench/results/ownership.json (what was not measured stays as it was) and, from that, the
// figures in docs/concepts/ownership.md.

import { fork } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { withFigures } from './figures.ts'
import { measure, type Costs, type Task } from './measure.ts'
import { costTables, type Results } from './report.ts'
import type { Membership } from './town.ts'

const SEED = 1
/** Ten minutes of one change each ten seconds. */
const CHANGES = 60
const SIZES: Readonly<Record<Membership, readonly number[]>> = {
  told: [10, 30, 100, 300, 1_000],
  gossip: [10, 30, 100, 300],
}
/** Of real gossip, which is most of what such a world costs. */
const GOSSIP_CHANGES = 8

const resultsFile = new URL('../results/ownership.json', import.meta.url)
const page = new URL('../../docs/concepts/ownership.md', import.meta.url)

await (process.send === undefined ? lead() : work())

/** Measure one cluster, in a process of its own: neither heap nor compiled code are of another. */
async function work(): Promise<void> {
  process.on('message', (task: Task) => {
    void measure(task).then((costs) => process.send!(costs, () => process.disconnect()))
  })
}

async function lead(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      sizes: { type: 'string' },
      changes: { type: 'string' },
      seed: { type: 'string', default: String(SEED) },
    },
  })
  const found: Results = {
    ...earlier(),
    machine: { cpu: cpus()[0]!.model, cores: cpus().length, node: process.version },
    date: new Date().toISOString().slice(0, 10),
  }
  let breaches = 0
  for (const membership of ['told', 'gossip'] as const) {
    if (values.only !== undefined && values.only !== membership) continue
    const sizes = values.sizes?.split(',').map(Number) ?? SIZES[membership]
    const usual = membership === 'told' ? CHANGES : GOSSIP_CHANGES
    const changes = values.changes === undefined ? usual : Number(values.changes)
    for (const members of sizes) {
      const costs = await measureApart({ members, membership, seed: Number(values.seed), changes })
      const others = (found.costs ?? []).filter((known) => !isOfSize(known, costs))
      found.costs = [...others, costs].sort((left, right) => left.members - right.members)
      found.loadAverage = loadavg()[0]!
      breaches += costs.breaches.length
      for (const breach of costs.breaches) console.log(`${members} members, ${breach}`)
      console.log(costTables([costs]))
    }
  }
  mkdirSync(new URL('.', resultsFile), { recursive: true })
  writeFileSync(resultsFile, `${JSON.stringify(found, undefined, 2)}\n`)
  writeFileSync(page, withFigures(readFileSync(page, 'utf8'), found))
  process.exitCode = breaches > 0 ? 1 : 0
}

function isOfSize(known: Costs, costs: Costs): boolean {
  return known.members === costs.members && known.membership === costs.membership
}

function measureApart(task: Task): Promise<Costs> {
  const execArgv = [
    ...process.execArgv,
    '--expose-gc',
    '--max-semi-space-size=64',
    '--max-old-space-size=12000',
  ]
  const worker = fork(fileURLToPath(import.meta.url), { execArgv })
  return new Promise((resolve, reject) => {
    let costs: Costs | undefined
    worker.on('message', (told: Costs) => (costs = told))
    worker.on('exit', (code) => {
      if (code === 0 && costs !== undefined) resolve(costs)
      else reject(new Error(`the process that measures ended with ${code}`))
    })
    worker.send(task)
  })
}

function earlier(): Partial<Results> {
  try {
    return JSON.parse(readFileSync(resultsFile, 'utf8')) as Partial<Results>
  } catch {
    return {}
  }
}
