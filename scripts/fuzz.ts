// Feeds hostile packets, streams and messages to live nodes, one life from each seed.
//
//   npm run test:fuzz -- [--inputs 10000000] [--from 1] [--minutes 30]
//
// Seeds that broke something once, test/fuzz/seeds.json, are run first. Closes with the
// inputs by kind, what was counted and dropped, the most that one input cost, in steps that were
// counted, and the memory at the beginning and at the end.

import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { FuzzReport } from '../test/fuzz/report.ts'
import { runSeed } from '../test/fuzz/run.ts'

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '10000000' },
    from: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '600' },
  },
})
const from = Number(values.from)
const wanted = Number(values.inputs)
const endMs = performance.now() + 60_000 * Number(values.minutes)
const kept = JSON.parse(
  readFileSync(new URL('../test/fuzz/seeds.json', import.meta.url), 'utf8'),
) as readonly number[]

const report = new FuzzReport()
let isCalledOff = false
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => (isCalledOff = true))

async function run(seed: number): Promise<void> {
  const outcome = runSeed(seed)
  report.add(outcome)
  if (outcome.broken !== undefined) console.error(`seed ${seed}: ${outcome.broken}`)
  if (report.seeds % 400 !== 0) return
  console.log(report.progress())
  // Signals are heard in between.
  await new Promise((resolve) => setImmediate(resolve))
}

for (const seed of kept) await run(seed)
for (let seed = from; report.inputs < wanted && !isCalledOff && performance.now() < endMs; seed++) {
  await run(seed)
}
for (const line of report.lines()) console.log(line)
process.exitCode = report.broken.length > 0 ? 1 : 0
