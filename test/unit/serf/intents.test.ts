import { expect, test, vi } from 'vitest'
import { Intents, INTENTS_MAX } from '../../../packages/libring/src/serf/intents.ts'

test('only a newer intent replaces the one that is known, whatever their kinds', () => {
  const intents = new Intents()
  expect(intents.add('ann', { type: 'join', ltime: 5n }, 0)).toBe(true)
  expect(intents.add('ann', { type: 'leave', ltime: 5n }, 0)).toBe(false)
  expect(intents.add('ann', { type: 'leave', ltime: 4n }, 0)).toBe(false)
  expect(intents.get('ann')).toMatchObject({ type: 'join', ltime: 5n })
  expect(intents.add('ann', { type: 'leave', ltime: 6n }, 0)).toBe(true)
  expect(intents.get('ann')).toMatchObject({ type: 'leave', ltime: 6n })
})

test('intents stored for longer than asked are forgotten', () => {
  const intents = new Intents()
  intents.add('old', { type: 'join', ltime: 1n }, 0)
  intents.add('renewed', { type: 'join', ltime: 1n }, 0)
  intents.add('young', { type: 'join', ltime: 1n }, 60)
  intents.add('renewed', { type: 'join', ltime: 2n }, 70)
  intents.purge(50, 100)
  expect(['old', 'renewed', 'young'].filter((name) => intents.get(name))).toEqual([
    'renewed',
    'young',
  ])
})

test('a flood of names drives out the intents stored longest ago', () => {
  const intents = new Intents()
  for (let i = 0; i < INTENTS_MAX + 10; i++) {
    intents.add(`n${i}`, { type: 'join', ltime: 1n }, i)
  }
  expect(intents.size).toBe(INTENTS_MAX)
  expect(intents.get('n9')).toBeUndefined()
  expect(intents.get('n10')).toBeDefined()
})

// An iterator that begins anew steps over all that was dropped since the map was last laid out.
test('a flood of names does not search for the oldest from the beginning each time', () => {
  const begun = (['keys', 'values', 'entries', Symbol.iterator] as const).map((method) => {
    return vi.spyOn(Map.prototype, method)
  })
  const intents = new Intents()
  for (let i = 0; i < 3 * INTENTS_MAX; i++) intents.add(`n${i}`, { type: 'join', ltime: 1n }, i)
  const counts = begun.map(({ mock }) => mock.calls.length)
  vi.restoreAllMocks()
  expect(counts.reduce((sum, count) => sum + count)).toBeLessThan(10)
})
