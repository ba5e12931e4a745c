// What membership does and costs as the cluster grows, and how often it holds somebody for dead that
// is not: real gossip nodes in the simulator, which hold nothing.
//
//   npm run bench:membership                                 everything, some ten minutes
//   npm run bench:membership -- --only growth --sizes 10,100
//   npm run bench:membership -- --only doubts --nodes 50 --minutes 12 --seed 1
//
// Writes bench/results/membership.json (what was not measured stays as it was) and, from that, the
// figures in docs/internals/membership-figures.md. Of a seed all but times of the machine is the same
// again.

import { fork, type ChildProcess } from 'node:child_process'
import { availableParallelism, cpus, loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { readResults, writeFigures, writeResults } from '../figures-page.ts'
import { countDoubts, type Doubts, type DoubtsTask } from './doubts.ts'
import { measureGrowth, type Growth, type GrowthTask } from './growth.ts'
import { doubtsReport, figures, growthReport, inOrder, type Results } from './report.ts'

const SIZES = '10,100,1000'
const LOSS_RATES = [0, 0.05, 0.2]
const SLOWNESSES = ['none', 'stopped', 'held up'] as const

type Task = { growth: GrowthTask } | { doubts: DoubtsTask }

await (process.send === undefined ? lead() : work())

/** Measure one cluster, in a process of its own: neither heap nor compiled code are of another. */
async function work(): Promise<void> {
  const task = await new Promise<Task>((resolve) => process.once('message', resolve))
  const found = 'growth' in task ? measureGrowth(task.growth) : countDoubts(task.doubts)
  process.send!(found, () => process.disconnect())
}

async function lead(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      sizes: { type: 'string', default: SIZES },
      nodes: { type: 'string', default: '50' },
      minutes: { type: 'string', default: '12' },
      seed: { type: 'string', default: '1' },
      workers: { type: 'string', default: String(availableParallelism()) },
    },
  })
  const isWanted = (part: string) => values.only === undefined || values.only === part
  const seed = Number(values.seed)
  const keep = (part: 'growth' | 'doubts', rows: Pick<Results, 'growth' | 'doubts'>): void => {
    // As they are by now: the other part may be measured at the same time.
    const known = readResults<Partial<Results>>('membership')
    const date = new Date().toISOString().slice(0, 10)
    const measured = { ...known.measured, [part]: { date, loadAverage: loadavg()[0]! } }
    const machine = { cpu: cpus()[0]!.model, cores: cpus().length, node: process.version }
    const found = { ...known, ...rows, measured, machine }
    writeResults('membership', found)
    writeFigures('membership', figures(found), 'internals/membership-figures')
  }

  if (isWanted('growth')) {
    const tasks = values.sizes
      .split(',')
      .map((nodes) => ({ growth: { nodes: Number(nodes), seed } }))
    // One at a time, as they are timed.
    const measured = await measureAll<Growth>(tasks, 1)
    console.log(growthReport(measured))
    const known = readResults<Partial<Results>>('membership').growth ?? []
    const others = known.filter(({ nodes }) => measured.every((one) => one.nodes !== nodes))
    const growth = [...others, ...measured].sort((left, right) => left.nodes - right.nodes)
    keep('growth', { growth })
  }
  if (isWanted('doubts')) {
    const of = { nodes: Number(values.nodes), minutes: Number(values.minutes), seed }
    const tasks = SLOWNESSES.flatMap((slowness) =>
      LOSS_RATES.flatMap((lossRate) =>
        [false, true].map((lifeguard) => ({ doubts: { ...of, slowness, lossRate, lifeguard } })),
      ),
    )
    const doubts = inOrder(await measureAll<Doubts>(tasks, Number(values.workers)))
    console.log(doubtsReport(doubts))
    keep('doubts', { doubts })
  }
}

/** @param workers tasks that are under way at one time. */
async function measureAll<Found>(tasks: readonly Task[], workers: number): Promise<Found[]> {
  const left = [...tasks]
  const found: Found[] = []
  const running = new Set<ChildProcess>()
  const next = async (): Promise<void> => {
    for (let task = left.shift(); task !== undefined; task = left.shift()) {
      found.push(await measureApart<Found>(task, running))
    }
  }
  try {
    await Promise.all(Array.from({ length: workers }, next))
  } finally {
    for (const worker of running) worker.kill()
  }
  return found
}

function measureApart<Found>(task: Task, running: Set<ChildProcess>): Promise<Found> {
  const limits = ['--max-semi-space-size=64', '--max-old-space-size=8000']
  const execArgv = [...process.execArgv, ...limits]
  const worker = fork(fileURLToPath(import.meta.url), { execArgv })
  running.add(worker)
  return new Promise((resolve, reject) => {
    let found: Found | undefined
    worker.on('message', (told: Found) => (found = told))
    worker.on('exit', (code) => {
      running.delete(worker)
      if (code === 0 && found !== undefined) resolve(found)
      else reject(new Error(`the process that measures ended with ${code}`))
    })
    worker.send(task)
  })
}
