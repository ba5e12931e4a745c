import { expect, test } from 'vitest'
import { planOf, type Wishes } from '../../../bench/gossip/plan.ts'
import { PARTS } from '../../../bench/gossip/rows.ts'

const wishes: Wishes = {
  parts: PARTS,
  profiles: ['lan', 'local'],
  sizes: [3, 10],
  isWarm: false,
  trials: 4,
  idleTrials: 1,
}

test('a run that ends early has as much of each kind as of any other', () => {
  const plan = planOf(wishes)
  const half = plan.slice(0, plan.length / 2)
  const counts = new Map<string, number>()
  for (const { profile, size, way } of half) {
    const kind = `${profile} ${size} ${way}`
    counts.set(kind, (counts.get(kind) ?? 0) + 1)
  }
  expect([...counts.values()]).toEqual(Array.from({ length: 8 }, () => 2))
})

test('groups that have joined at once go on, the others have the idle window, some of them', () => {
  const [oneByOne, atOnce] = planOf({ ...wishes, profiles: ['lan'], sizes: [3] })
  expect(oneByOne!.parts).toEqual(['joins', 'idle'])
  expect(atOnce!.parts).toEqual(['joins', 'tag', 'event', 'query', 'leave', 'kill'])
  const idle = planOf(wishes).filter(({ parts }) => parts.includes('idle'))
  expect(idle.length).toBe(4)
})

test('no processes are started for what nobody asked for', () => {
  const plan = planOf({ ...wishes, parts: ['tag'], profiles: ['lan'], sizes: [3], trials: 2 })
  expect(plan.map(({ way, parts }) => [way, parts])).toEqual([
    ['at once', ['tag']],
    ['at once', ['tag']],
  ])
})
