import { expect, test } from 'vitest'
import { Briefing } from '../../../packages/libring/src/ownership/briefing.ts'

test('three are asked at once, and three others a second later', () => {
  const briefing = new Briefing(15_000)
  briefing.see(['a', 'b', 'c', 'd', 'e'], 0)
  expect(briefing.takeAsks(0)).toEqual(['a', 'b', 'c'])
  expect(briefing.takeAsks(999)).toEqual([])
  expect(briefing.deadlineMs()).toBe(1_000)
  expect(briefing.takeAsks(1_000)).toEqual(['d', 'e', 'a'])
})

test('the first that knows is enough', () => {
  const briefing = new Briefing(15_000)
  briefing.see(['a', 'b'], 0)
  briefing.takeAsks(0)
  briefing.hear('b', 'informed', 10)
  expect([briefing.isOver, briefing.isUnderWay, briefing.deadlineMs()]).toEqual([
    true,
    false,
    undefined,
  ])
  briefing.see(['c'], 20)
  expect(briefing.takeAsks(20)).toEqual([])
})

test('of those who know nothing the next are asked at once, and none is asked twice', () => {
  const briefing = new Briefing(15_000)
  briefing.see(['a', 'b', 'c', 'd'], 0)
  briefing.takeAsks(0)
  for (const name of ['a', 'b', 'c']) briefing.hear(name, 'ignorant', 10)
  expect(briefing.takeAsks(10)).toEqual(['d'])
  briefing.see(['a', 'b', 'c', 'd'], 20)
  expect(briefing.takeAsks(1_010)).toEqual(['d'])
  briefing.hear('d', 'ignorant', 1_020)
  expect([briefing.isUnderWay, briefing.deadlineMs()]).toEqual([false, undefined])
})

test('somebody who turns up later may know more', () => {
  const briefing = new Briefing(15_000)
  briefing.see([], 0)
  expect(briefing.isUnderWay).toBe(false)
  briefing.see(['a'], 0)
  briefing.takeAsks(0)
  briefing.hear('a', 'ignorant', 1)
  briefing.see(['a', 'b'], 2)
  expect(briefing.takeAsks(2)).toEqual(['b'])
})

test('who is gone is not waited for', () => {
  const briefing = new Briefing(15_000)
  briefing.see(['a', 'b', 'c', 'd'], 0)
  briefing.takeAsks(0)
  briefing.see(['d'], 10)
  expect(briefing.takeAsks(10)).toEqual(['d'])
  briefing.see([], 20)
  expect(briefing.isUnderWay).toBe(false)
})

test('it ends when nobody has answered for long enough', () => {
  const briefing = new Briefing(1_500)
  briefing.see(['a'], 100)
  expect([briefing.takeAsks(100), briefing.takeAsks(1_100)]).toEqual([['a'], ['a']])
  expect(briefing.deadlineMs()).toBe(1_600)
  expect([briefing.takeAsks(1_600), briefing.isOver]).toEqual([[], true])
})
