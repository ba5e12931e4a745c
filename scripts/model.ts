// Runs the model of the hand-off under random trouble, from one seed each.
//
//   npm run test:model -- [--runs 5000] [--seed 1]
//   npm run test:model -- --seed <seed> --trace              one run, line by line
//   npm run test:model -- --without <rule> [--runs 5000]     how soon a rule is missed

import { parseArgs } from 'node:util'
import { describeViolation } from '../test/model/checks.ts'
import { ALL_RULES } from '../test/model/rules.ts'
import { runModel } from '../test/model/world.ts'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '5000' },
    seed: { type: 'string', default: '1' },
    trace: { type: 'boolean', default: false },
    without: { type: 'string' },
  },
})
const firstSeed = Number(values.seed)
const runs = values.trace ? 1 : Number(values.runs)
const { without } = values
if (without !== undefined && !ALL_RULES.some((rule) => rule === without)) {
  throw new TypeError(`there is no rule ${without}; there are ${ALL_RULES.join(', ')}`)
}
const rules = new Set(ALL_RULES.filter((rule) => rule !== without))

let broken = 0
for (let seed = firstSeed; seed < firstSeed + runs; seed++) {
  const violation = runModel(seed, rules, values.trace ? (line) => console.log(line) : undefined)
  if (violation !== undefined) {
    broken++
    console.error(describeViolation(seed, violation))
    if (without !== undefined) break
  }
  const done = seed - firstSeed + 1
  if (done % 1_000 === 0) console.log(`${done} runs, ${broken} broken`)
}
console.log(`${runs} runs from seed ${firstSeed}: ${broken} broken promises`)
const isAsExpected = broken > 0 === (without !== undefined)
process.exitCode = isAsExpected ? 0 : 1
