// Runs the model of the hand-off under random trouble, from one seed each.
//
//   npm run test:model -- [--runs 5000] [--seed 1]
//   npm run test:model -- --seed <seed> --trace              one run, line by line
//   npm run test:model -- --without <rule> [--runs 5000]     how soon a rule is missed
//   npm run test:model -- --machines [--grace 15000]         the library's machines in that world

import { parseArgs } from 'node:util'
import { describeViolation } from '../test/model/checks.ts'
import { MachineMember } from '../test/model/machine-member.ts'
import { ALL_RULES } from '../test/model/rules.ts'
import { scenarioOf } from '../test/model/scenario.ts'
import { runModel, runWorld } from '../test/model/world.ts'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '5000' },
    seed: { type: 'string', default: '1' },
    trace: { type: 'boolean', default: false },
    without: { type: 'string' },
    machines: { type: 'boolean', default: false },
    grace: { type: 'string', default: '0' },
  },
})
const firstSeed = Number(values.seed)
const runs = values.trace ? 1 : Number(values.runs)
const { without } = values
if (without !== undefined && values.machines) throw new TypeError('machines keep all rules')
if (without !== undefined && !ALL_RULES.some((rule) => rule === without)) {
  throw new TypeError(`there is no rule ${without}; there are ${ALL_RULES.join(', ')}`)
}
const rules = new Set(ALL_RULES.filter((rule) => rule !== without))

const log = values.trace ? (line: string) => console.log(line) : undefined
const graceMs = Number(values.grace)
const replay = values.machines ? ` --machines --grace ${graceMs}` : ''

function run(seed: number) {
  if (!values.machines) return runModel(seed, rules, log)
  const scenario = scenarioOf(seed)
  // Machines with the same options never disagree for good.
  if (scenario.stubborn) return undefined
  const setup = { redundancy: 2, concurrentHandoffs: 2, graceMs }
  return runWorld(
    seed,
    scenario,
    (name, beginning) => new MachineMember(name, beginning, setup),
    log,
  )
}

let broken = 0
for (let seed = firstSeed; seed < firstSeed + runs; seed++) {
  const violation = run(seed)
  if (violation !== undefined) {
    broken++
    console.error(describeViolation(seed, violation, replay))
    if (without !== undefined) break
  }
  const done = seed - firstSeed + 1
  if (done % 1_000 === 0) console.log(`${done} runs, ${broken} broken`)
}
console.log(`${runs} runs from seed ${firstSeed}: ${broken} broken promises`)
const isAsExpected = broken > 0 === (without !== undefined)
process.exitCode = isAsExpected ? 0 : 1
