// How even are the loads, how much moves, how fast is it: measured for libring and its peers in
// one run, and held against the targets.
//
//   npm run bench:ring                    everything, some minutes
//   npm run bench:ring -- --only speed    or: targets, peers, docs
//
// Writes bench/results/ring.json (what was not measured stays as it was) and, from that, the
// picture and the figures in docs/concepts/partitions.md.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { checkTargets } from './acceptance.ts'
import { compareSchemes } from './comparison.ts'
import { drawComparison } from './draw.ts'
import { withFigures } from './figures.ts'
import {
  comparisonTable,
  garbageTable,
  lookupTable,
  sizeTables,
  targetTable,
  type Results,
} from './report.ts'
import {
  lastResult,
  measureBuilds,
  measureDiffs,
  measureGarbage,
  measureHeap,
  measureLookups,
} from './speed.ts'

const NAME_SETS = 30

const results = new URL('../results/ring.json', import.meta.url)
const picture = new URL('../../docs/concepts/partitions.svg', import.meta.url)
const page = new URL('../../docs/concepts/partitions.md', import.meta.url)

const { values } = parseArgs({ options: { only: { type: 'string' } } })
const isWanted = (part: string) => values.only === undefined || values.only === part

const found: Results = {
  ...earlier(),
  machine: { cpu: cpus()[0]!.model, cores: cpus().length, node: process.version },
  date: new Date().toISOString().slice(0, 10),
}

if (isWanted('speed')) {
  found.loadAverage = loadavg()[0]!
  found.lookups = measureLookups()
  found.builds = measureBuilds()
  found.diffs = measureDiffs()
  found.heap = measureHeap()
  found.garbage = measureGarbage()
  console.log(lookupTable(found.lookups))
  console.log(sizeTables(found))
  console.log(garbageTable(found.garbage))
}
if (isWanted('targets')) {
  found.nameSets = NAME_SETS
  found.targets = checkTargets(NAME_SETS)
  console.log(targetTable(found.targets))
}
if (isWanted('peers')) {
  found.comparison = compareSchemes()
  console.log(comparisonTable(found.comparison))
}

mkdirSync(new URL('.', results), { recursive: true })
writeFileSync(results, `${JSON.stringify(found, undefined, 2)}\n`)
if (found.comparison !== undefined) writeFileSync(picture, drawComparison(found.comparison))
writeFileSync(page, withFigures(readFileSync(page, 'utf8'), found))
if (lastResult() === null) console.log('no lookup found anybody')

function earlier(): Partial<Results> {
  try {
    return JSON.parse(readFileSync(results, 'utf8')) as Partial<Results>
  } catch {
    return {}
  }
}
