// Builds random tables and checks the laws of the balanced assignment on each.
//
//   npm run test:ring-laws -- [--tables 50000] [--seed 1]
//
// Every table stands for one seed, so that a broken law names what to run again:
//   npm run test:ring-laws -- --tables 1 --seed <seed>

import { parseArgs } from 'node:util'
import { ringLaws } from '../test/support/ring-laws.ts'
import { randomShape, tableOf } from '../test/support/ring-tables.ts'

const { values } = parseArgs({
  options: {
    tables: { type: 'string', default: '50000' },
    seed: { type: 'string', default: '1' },
  },
})
const tables = Number(values.tables)
const firstSeed = Number(values.seed)

let broken = 0
let withForcedPrimaries = 0
for (let seed = firstSeed; seed < firstSeed + tables; seed++) {
  const table = tableOf(randomShape(seed))
  if (table.forcedPrimaries > 0) withForcedPrimaries++
  for (const [name, law] of Object.entries(ringLaws)) {
    const violation = law(table)
    if (violation === undefined) continue
    broken++
    console.error(`${name}: ${violation}\n  seed ${seed}`)
  }
  const done = seed - firstSeed + 1
  if (done % 10_000 === 0) console.log(`${done} tables, ${broken} laws broken`)
}
const share = ((100 * withForcedPrimaries) / tables).toFixed(2)
console.log(`${tables} tables from seed ${firstSeed}: ${broken} laws broken`)
console.log(`${withForcedPrimaries} tables (${share} %) with a forced primary`)
process.exitCode = broken === 0 ? 0 : 1
