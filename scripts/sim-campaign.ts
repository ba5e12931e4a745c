// Random runs of the simulator, one from each seed, on all processors.
//
//   npm run sim:campaign -- --seeds 4096 [--from 1] [--workers 2]
//
// Each broken promise is told with the command that replays it. Closes with what went wrong in how
// many runs, by kind, and whether every promise was kept.

import { fork, type ChildProcess } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { describeCounts, describeOutcome } from '../test/campaign/report.ts'
import { runScenario } from '../test/campaign/run.ts'
import { scenarioOf } from '../test/campaign/scenario.ts'

/** What a worker tells of one run. */
interface Told {
  readonly seed: number
  /** The report, where a promise was broken. */
  readonly broken: string | undefined
  readonly counts: readonly (readonly [string, number])[]
  readonly simulatedMs: number
  readonly nodes: number
}

const PROGRESS_EVERY = 64

await (process.send === undefined ? lead() : work())

/** Run each seed that is asked for. */
async function work(): Promise<void> {
  // Errors are many and nobody reads where they come from.
  Error.stackTraceLimit = 0
  process.on('message', (seed: number) => void run(seed))
  await new Promise<void>((resolve) => process.on('disconnect', resolve))
  process.exit()
}

async function run(seed: number): Promise<void> {
  const scenario = scenarioOf(seed)
  let told: Told
  try {
    const outcome = await runScenario(scenario)
    const { breach, counts, simulatedMs } = outcome
    const broken = breach && describeOutcome(scenario, outcome)
    told = { seed, broken, counts: [...counts], simulatedMs, nodes: scenario.nodes }
  } catch (error) {
    const broken = `the run failed: ${String(error)}\n  replay  npm run sim -- --seed ${seed}`
    told = { seed, broken, counts: [], simulatedMs: 0, nodes: scenario.nodes }
  }
  process.send?.(told)
}

async function lead(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '4096' },
      from: { type: 'string', default: '1' },
      workers: { type: 'string', default: String(availableParallelism()) },
    },
  })
  const [seeds, from, workers] = [values.seeds, values.from, values.workers].map(Number) as [
    number,
    number,
    number,
  ]
  const startedAtMs = performance.now()
  const all = await runAll(from, seeds, workers)
  const counts = new Map<string, number>()
  for (const [kind, count] of all.flatMap((told) => told.counts)) {
    counts.set(kind, (counts.get(kind) ?? 0) + count)
  }
  const broken = all.filter((told) => told.broken !== undefined).map(({ seed }) => seed)
  const hours = all.reduce((sum, { simulatedMs }) => sum + simulatedMs, 0) / 3_600_000
  const minutes = (performance.now() - startedAtMs) / 60_000
  const faults = [...counts.values()].reduce((sum, count) => sum + count, 0)
  console.log(`${faults} things went wrong: ${describeCounts(counts)}`)
  console.log(
    `${all.length} runs from seed ${from}, ${hours.toFixed(0)} simulated hours in ` +
      `${minutes.toFixed(1)} minutes: ${broken.length} with a broken promise`,
  )
  if (broken.length > 0) console.log(`seeds ${broken.sort((a, b) => a - b).join(' ')}`)
  process.exitCode = broken.length > 0 ? 1 : 0
}

/** Hand out one seed after the other, each to a worker that has nothing to do. */
async function runAll(from: number, seeds: number, workers: number): Promise<readonly Told[]> {
  const all: Told[] = []
  let next = from
  const serve = (worker: ChildProcess): Promise<void> =>
    new Promise((resolve, reject) => {
      const give = (): void => {
        if (next < from + seeds) worker.send(next++)
        else worker.disconnect()
      }
      worker.on('message', (told: Told) => {
        all.push(told)
        if (told.broken !== undefined) console.log(told.broken)
        if (all.length % PROGRESS_EVERY === 0) console.log(`${all.length} of ${seeds}`)
        give()
      })
      worker.on('exit', (code) => {
        if (code === 0) resolve()
        else reject(new Error(`a worker ended with ${code}`))
      })
      give()
    })
  const execArgv = [...process.execArgv, '--max-semi-space-size=64']
  const crew = Array.from({ length: workers }, () => {
    return fork(fileURLToPath(import.meta.url), { execArgv })
  })
  await Promise.all(crew.map(serve))
  return all
}
