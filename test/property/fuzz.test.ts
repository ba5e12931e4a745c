import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { KINDS } from '../fuzz/life.ts'
import { runSeed } from '../fuzz/run.ts'
import { WORK_KINDS } from '../fuzz/work.ts'

// The band of every day. `npm run test:fuzz` goes on from other seeds, for as long as one likes.

const kept = JSON.parse(
  readFileSync(new URL('../fuzz/seeds.json', import.meta.url), 'utf8'),
) as readonly number[]

/** Those that broke something once come first. */
const seeds = [...kept, ...Array.from({ length: 80 }, (_, index) => index + 1)]

describe('whatever comes to a live node', () => {
  test('nothing is thrown, and work and what is held stay within their limits', () => {
    const told: string[] = []
    const kinds = new Set<string>()
    const done = new Set<string>()
    for (const seed of seeds) {
      const { broken, inputs, most } = runSeed(seed)
      if (broken !== undefined) told.push(`seed ${seed}: ${broken}`)
      for (const kind of inputs.keys()) kinds.add(kind)
      for (const work of most.keys()) done.add(work)
    }
    expect(told).toEqual([])
    expect([...kinds].sort()).toEqual([...KINDS].sort())
    // Inputs that cost nothing would show that nothing is counted.
    expect([...done].sort()).toEqual([...WORK_KINDS].sort())
  })

  test('the same seed leads the same life', () => {
    for (const seed of [3, 4, 7, 12]) expect(runSeed(seed)).toEqual(runSeed(seed))
  })
})
