// Random runs of the simulator, one from each seed, on all processors.
//
//   npm run sim:campaign -- --seeds 4096 [--from 1] [--workers 2] [--nodes 3-30]
//
// Large clusters cost the most: --nodes takes only runs that begin with so many.
//
// Each broken promise is told with the command that replays it. Closes with what was made to go
// wrong, by kind, how large and long runs were, what became of double holdings, and in how many
// runs a promise was broken.
//
// Called off by a signal, it closes with what was run so far.
//
// Runs take the library as it was built, which is faster than source by a sixth.

import { fork, type ChildProcess } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { describeCounts, describeOutcome } from '../test/campaign/report.ts'
import { runScenario } from '../test/campaign/run.ts'
import { isFault, scenarioOf, type HappeningType } from '../test/campaign/scenario.ts'
import type { Doubles } from '../test/campaign/tally.ts'

/** What a worker tells of one run. */
interface Told {
  readonly seed: number
  /** The report, where a promise was broken. */
  readonly broken: string | undefined
  readonly counts: readonly (readonly [HappeningType, number])[]
  readonly doubles: Doubles
  readonly simulatedMs: number
  /** At first. */
  readonly nodes: number
}

const NO_DOUBLES: Doubles = { begun: 0, met: 0, told: 0, resolved: 0 }

const PROGRESS_EVERY = 64

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

await (process.send === undefined ? lead() : work())

/** Run each seed that is asked for. */
async function work(): Promise<void> {
  // Errors are many and nobody reads where they come from.
  Error.stackTraceLimit = 0
  process.on('message', (seed: number) => void run(seed))
  // A signal comes to all of a group; whoever leads sees to it.
  for (const signal of SIGNALS) process.on(signal, () => {})
  await new Promise<void>((resolve) => process.on('disconnect', resolve))
  process.exit()
}

async function run(seed: number): Promise<void> {
  const scenario = scenarioOf(seed)
  let told: Told
  try {
    const outcome = await runScenario(scenario)
    const { breach, counts, doubles, simulatedMs } = outcome
    const broken = breach && describeOutcome(scenario, outcome)
    told = { seed, broken, counts: [...counts], doubles, simulatedMs, nodes: scenario.nodes }
  } catch (error) {
    const broken = `the run failed: ${String(error)}\n  replay  npm run sim -- --seed ${seed}`
    const { nodes } = scenario
    told = { seed, broken, counts: [], doubles: NO_DOUBLES, simulatedMs: 0, nodes }
  }
  process.send?.(told)
}

async function lead(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '4096' },
      from: { type: 'string', default: '1' },
      workers: { type: 'string', default: String(availableParallelism()) },
      nodes: { type: 'string', default: '3-30' },
    },
  })
  const from = Number(values.from)
  const [least = 3, most = least] = values.nodes.split('-').map(Number)
  const seeds = Array.from({ length: Number(values.seeds) }, (_, index) => from + index).filter(
    (seed) => {
      const { nodes } = scenarioOf(seed)
      return nodes >= least && nodes <= most
    },
  )
  const startedAtMs = performance.now()
  const all = await runAll(seeds, Number(values.workers))
  const minutes = (performance.now() - startedAtMs) / 60_000
  for (const line of summaryOf(all)) console.log(line)
  const broken = all.filter((told) => told.broken !== undefined).map(({ seed }) => seed)
  console.log(
    `seeds ${from} to ${Math.max(...all.map(({ seed }) => seed))}, of ${values.nodes} nodes, ` +
      `in ${minutes.toFixed(1)} minutes: ${broken.length} of ${all.length} runs with a broken promise`,
  )
  if (broken.length > 0) console.log(`broken: ${broken.sort((a, b) => a - b).join(' ')}`)
  process.exitCode = broken.length > 0 ? 1 : 0
}

/** What the runs were like, and what became of double holdings. */
function summaryOf(all: readonly Told[]): readonly string[] {
  const counts = new Map<HappeningType, number>()
  for (const [kind, count] of all.flatMap((told) => told.counts)) {
    counts.set(kind, (counts.get(kind) ?? 0) + count)
  }
  const faultsOf = (told: Told['counts']): Told['counts'] => told.filter(([kind]) => isFault(kind))
  const inOrder = [...counts].filter(([kind]) => !isFault(kind))
  const faults = all.map((told) => sumOf(faultsOf(told.counts).map(([, count]) => count)))
  const nodes = all.map((told) => told.nodes)
  const minutes = all.map(({ simulatedMs }) => simulatedMs / 60_000)
  const doublesOf = (key: keyof Doubles): number => sumOf(all.map(({ doubles }) => doubles[key]))
  return [
    `${sumOf(faults)} faults: ${describeCounts(new Map(faultsOf([...counts])))}`,
    `${sumOf(inOrder.map(([, count]) => count))} in order: ${describeCounts(new Map(inOrder))}`,
    `a run: ${rangeOf(nodes)} nodes at first, ${rangeOf(faults)} faults, ` +
      `${rangeOf(minutes, 1)} simulated minutes, ${sumOf(minutes).toFixed(0)} in all`,
    `double holdings: ${doublesOf('begun')} begun, ${doublesOf('met')} of them until the two ` +
      `could talk again, ${doublesOf('told')} told, ${doublesOf('resolved')} resolved`,
  ]
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}

function rangeOf(values: readonly number[], digits = 0): string {
  const least = values.reduce((a, b) => Math.min(a, b), Infinity)
  const most = values.reduce((a, b) => Math.max(a, b), -Infinity)
  return `${least.toFixed(digits)} to ${most.toFixed(digits)}`
}

/**
 * Hand out one seed after the other, each to a worker that has nothing to do. Those that were handed
 * out are run to the end, whatever comes.
 */
async function runAll(seeds: readonly number[], workers: number): Promise<readonly Told[]> {
  const all: Told[] = []
  const waiting = seeds.toReversed()
  for (const signal of SIGNALS) process.on(signal, () => (waiting.length = 0))
  const serve = (worker: ChildProcess): Promise<void> =>
    new Promise((resolve, reject) => {
      const give = (): void => {
        const seed = waiting.pop()
        if (seed === undefined) worker.disconnect()
        else worker.send(seed)
      }
      worker.on('message', (told: Told) => {
        all.push(told)
        if (told.broken !== undefined) console.log(told.broken)
        if (all.length % PROGRESS_EVERY === 0) console.log(`${all.length} of ${seeds.length}`)
        give()
      })
      worker.on('exit', (code) => {
        if (code === 0) resolve()
        else reject(new Error(`a worker ended with ${code}`))
      })
      give()
    })
  // One process a processor: threads of a collector would only take turns with the others.
  const execArgv = [...process.execArgv, '--max-semi-space-size=32', '--single-threaded-gc']
  const crew = Array.from({ length: workers }, () => {
    return fork(fileURLToPath(import.meta.url), { execArgv })
  })
  await Promise.all(crew.map(serve))
  return all
}
