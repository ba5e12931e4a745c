import { expect, test } from 'vitest'
import { Deadlines } from '../../../packages/libring/src/base/deadlines.ts'
import { below, seededRandom } from '../../../packages/libring/src/base/random.ts'

/** Every key that is due, in the order in which it is handed out. */
function takeAll(deadlines: Deadlines, nowMs: number): string[] {
  const keys: string[] = []
  for (let key = deadlines.takeDue(nowMs); key !== undefined; key = deadlines.takeDue(nowMs)) {
    keys.push(key)
  }
  return keys
}

test('nothing is due while nothing is set', () => {
  const deadlines = new Deadlines()
  expect(deadlines.nextMs()).toBeUndefined()
  expect(deadlines.takeDue(Infinity)).toBeUndefined()
  expect(deadlines.size).toBe(0)
})

test('keys become due at their time, soonest first', () => {
  const deadlines = new Deadlines()
  deadlines.set('late', 30)
  deadlines.set('soon', 10)
  deadlines.set('middle', 20)
  expect(deadlines.nextMs()).toBe(10)
  expect(deadlines.takeDue(9.999)).toBeUndefined()
  expect(takeAll(deadlines, 20)).toEqual(['soon', 'middle'])
  expect(deadlines.has('soon')).toBe(false)
  expect(deadlines.has('late')).toBe(true)
  expect(deadlines.nextMs()).toBe(30)
})

test('of equal times, the key set first comes first', () => {
  const deadlines = new Deadlines()
  for (const key of ['c', 'a', 'b']) deadlines.set(key, 5)
  expect(takeAll(deadlines, 5)).toEqual(['c', 'a', 'b'])
})

test('setting a key to the time it has keeps its place, to another and back loses it', () => {
  const deadlines = new Deadlines()
  for (const key of ['c', 'a', 'b']) deadlines.set(key, 5)
  deadlines.set('c', 5)
  deadlines.set('a', 9)
  deadlines.set('a', 5)
  expect(takeAll(deadlines, 5)).toEqual(['c', 'b', 'a'])
})

test('setting a key again replaces its time, sooner or later', () => {
  const deadlines = new Deadlines()
  deadlines.set('a', 10)
  deadlines.set('b', 20)
  deadlines.set('a', 30)
  expect(deadlines.size).toBe(2)
  expect(deadlines.nextMs()).toBe(20)
  deadlines.set('a', 5)
  expect(takeAll(deadlines, 100)).toEqual(['a', 'b'])
})

test('a key that was cleared never comes, and may be set anew', () => {
  const deadlines = new Deadlines()
  deadlines.set('a', 10)
  deadlines.set('b', 20)
  deadlines.clear('a')
  deadlines.clear('never set')
  expect(deadlines.nextMs()).toBe(20)
  deadlines.set('a', 40)
  expect(takeAll(deadlines, 100)).toEqual(['b', 'a'])
  deadlines.set('a', 1)
  deadlines.clearAll()
  expect(deadlines.nextMs()).toBeUndefined()
  expect(deadlines.has('a')).toBe(false)
})

test('thousands of random changes agree with a plain list, seed 4', () => {
  const random = seededRandom(4)
  const deadlines = new Deadlines()
  let list: { key: string; atMs: number }[] = []
  const out: unknown[] = []
  const expected: unknown[] = []
  for (let step = 0; step < 20_000; step++) {
    const key = `k${below(random, 40)}`
    const kind = below(random, 10)
    if (kind < 6) {
      const atMs = step + below(random, 100)
      deadlines.set(key, atMs)
      const isSame = list.some((entry) => entry.key === key && entry.atMs === atMs)
      if (!isSame) list = [...list.filter((entry) => entry.key !== key), { key, atMs }]
    } else if (kind < 8) {
      deadlines.clear(key)
      list = list.filter((entry) => entry.key !== key)
    } else {
      const due = list.filter(({ atMs }) => atMs <= step).toSorted((a, b) => a.atMs - b.atMs)
      list = list.filter(({ atMs }) => atMs > step)
      out.push(takeAll(deadlines, step))
      expected.push(due.map((entry) => entry.key))
    }
    out.push(deadlines.size, deadlines.nextMs())
    const next = list.length === 0 ? undefined : Math.min(...list.map(({ atMs }) => atMs))
    expected.push(list.length, next)
  }
  expect(out).toEqual(expected)
})
