import { describe, expect, test } from 'vitest'
import { describeViolation } from './checks.ts'
import { ALL_RULES, RULES, type Rule } from './rules.ts'
import { runModel } from './world.ts'

/** Seeds of the normal run. `npm run test:model` takes more. */
const BAND = 300

test(`the promises hold in ${BAND} random runs`, () => {
  for (let seed = 1; seed <= BAND; seed++) {
    const violation = runModel(seed)
    expect(violation && describeViolation(seed, violation)).toBeUndefined()
  }
})

test('a run is the same each time', () => {
  const lives = [1, 2].map(() => {
    const lines: string[] = []
    runModel(7, undefined, (line) => lines.push(line))
    return lines
  })
  expect(lives[1]).toEqual(lives[0])
  expect(lives[0]!.length).toBeGreaterThan(100)
})

/** A seed with which each rule is missed when it is taken out. */
const MISSED_WITH: Readonly<Record<Exclude<Rule, 'matchAttempts' | 'inOrder'>, number>> = {
  askEverybody: 1,
  askNewcomers: 3,
  askAskers: 3_043,
  exchange: 13,
  takersWithhold: 3,
  holdersWithhold: 7,
  holdersStay: 29,
  releaseTimeout: 2,
  namedOnly: 29,
  repeat: 2,
  dropGone: 9,
  silence: 12,
  smallerFirst: 29,
  giveBack: 418,
  yield: 2,
  offer: 1,
  offerToAll: 65,
  clock: 35,
}

function isBroken(seed: number, ...without: readonly Rule[]): boolean {
  const rules = new Set(ALL_RULES.filter((rule) => !without.includes(rule)))
  return runModel(seed, rules) !== undefined
}

describe('a promise is broken without the rule that', () => {
  const rules = Object.entries(MISSED_WITH) as [Rule, number][]
  test.each(rules.map(([rule, seed]) => [RULES[rule], rule, seed] as const))('%s', (...row) => {
    const [, rule, seed] = row
    expect(isBroken(seed, rule)).toBe(true)
  })
})

describe('two rules against old answers each do without the other, but not both are idle', () => {
  test.each([137, 558, 636])('with seed %i', (seed) => {
    expect(isBroken(seed, 'matchAttempts', 'inOrder')).toBe(true)
    expect([isBroken(seed, 'matchAttempts'), isBroken(seed, 'inOrder')]).toEqual([false, false])
  })
})
