import { describe, expect, test } from 'vitest'
import { drawer, median, quantile, ratioOfMedians } from '../../../bench/gossip/statistics.ts'

const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1)

describe('quantile', () => {
  test('is the least value with that share at or below it', () => {
    expect([0.5, 0.95, 0.99, 0.999, 1].map((share) => quantile(upTo(1_000), share))).toEqual([
      500, 950, 990, 999, 1_000,
    ])
  })

  test('of few values is one of them, the last where the share is more than all but one', () => {
    expect([0.1, 0.5, 0.51, 0.99].map((share) => quantile([30, 10], share))).toEqual([
      10, 10, 30, 30,
    ])
  })

  test('puts values in order by size, not by their text, and leaves the samples as they are', () => {
    const samples = [10, 9, 100]
    expect(quantile(samples, 0.5)).toBe(10)
    expect(samples).toEqual([10, 9, 100])
  })
})

describe('median', () => {
  test('is the middle, or between the middle two', () => {
    expect(median([3, 1, 2])).toBe(2)
    expect(median([4, 1, 2, 3])).toBe(2.5)
  })

  test('of nothing is no number', () => {
    expect(median([])).toBeNaN()
    expect(quantile([], 0.5)).toBeNaN()
  })
})

describe('ratioOfMedians', () => {
  test('has no width where samples have none', () => {
    expect(ratioOfMedians([3, 3, 3], [2, 2, 2], 1)).toEqual({ value: 1.5, low: 1.5, high: 1.5 })
  })

  test('is the same for the same samples and seed', () => {
    const [ours, theirs] = [upTo(20), upTo(30)]
    expect(ratioOfMedians(ours, theirs, 7)).toEqual(ratioOfMedians(ours, theirs, 7))
    expect(ratioOfMedians(ours, theirs, 7).value).toBe(10.5 / 15.5)
  })

  test('narrows as there are more samples', () => {
    const draw = drawer(5)
    const some = (count: number) => Array.from({ length: count }, () => 100 + draw(50))
    const width = (count: number): number => {
      const { low, high } = ratioOfMedians(some(count), some(count), 1)
      return high - low
    }
    expect(width(400)).toBeLessThan(width(8) / 2)
  })

  test('covers the true quotient in about 95 of 100 experiments', () => {
    const draw = drawer(11)
    const some = (middle: number) =>
      Array.from({ length: 15 }, () => middle * (0.5 + draw(1_001) / 1_000))
    const experiments = upTo(300).filter((seed) => {
      const { low, high } = ratioOfMedians(some(3), some(2), seed)
      return low <= 1.5 && high >= 1.5
    })
    expect(experiments.length / 300).toBeGreaterThan(0.9)
    expect(experiments.length / 300).toBeLessThanOrEqual(0.99)
  })

  test('without samples of one side is no number', () => {
    expect(ratioOfMedians([], [1], 1)).toEqual({ value: NaN, low: NaN, high: NaN })
  })
})

test('drawn numbers are below the limit, all of them, and the same for the same seed', () => {
  const [draw, again] = [drawer(3), drawer(3)]
  const numbers = upTo(500).map(() => draw(7))
  expect(numbers).toEqual(upTo(500).map(() => again(7)))
  expect([...new Set(numbers)].toSorted((left, right) => left - right)).toEqual([
    0, 1, 2, 3, 4, 5, 6,
  ])
})
