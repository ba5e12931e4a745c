import { describe, expect, test } from 'vitest'
import { InvariantError } from '../../../packages/libring/src/base/errors.ts'
import {
  below,
  fraction,
  sample,
  seededRandom,
  shuffle,
  type Random,
} from '../../../packages/libring/src/base/random.ts'

const draws = (random: Random, count: number) =>
  Array.from({ length: count }, () => random.uint32())
const always = (value: number): Random => ({ uint32: () => value })
const countTo = (length: number) => Array.from({ length }, (_, index) => index)

/** Pearson's chi-squared of `counts` against an even spread. */
function chiSquared(counts: readonly number[]): number {
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length
  return counts.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0)
}

describe('a seeded generator', () => {
  test('replays from its seed and name', () => {
    expect(draws(seededRandom(7, 'n1'), 50)).toEqual(draws(seededRandom(7, 'n1'), 50))
  })

  test('draws the same in every version, since recorded seeds depend on it', () => {
    const first = [2_917_898_039, 3_219_067_074, 3_573_976_570, 153_132_209]
    expect(draws(seededRandom(1), 4)).toEqual(first)
  })

  test('differs by seed, by name, and by bits of the seed above the 32nd', () => {
    const starts = [
      seededRandom(1),
      seededRandom(2),
      seededRandom(1, 'a'),
      seededRandom(1, 'b'),
      seededRandom(1 + 2 ** 32),
    ].map((random) => draws(random, 4).join())
    expect(new Set(starts).size).toBe(starts.length)
  })

  test('gives unsigned 32 bits, each of them set half of the time', () => {
    const random = seededRandom(3)
    const set = new Array<number>(32).fill(0)
    for (let i = 0; i < 10_000; i++) {
      const value = random.uint32()
      expect(Number.isInteger(value) && value >= 0 && value < 2 ** 32).toBe(true)
      for (let bit = 0; bit < 32; bit++) set[bit]! += (value >>> bit) & 1
    }
    for (const count of set) expect(Math.abs(count - 5_000)).toBeLessThan(250)
  })
})

describe('numbers from it', () => {
  test('a fraction is from 0 up to, but not, 1', () => {
    expect(fraction(always(0))).toBe(0)
    expect(fraction(always(0xffff_ffff))).toBeLessThan(1)
  })

  test('a number below a limit reaches both ends and no further', () => {
    for (const limit of [1, 2, 3, 10, 2 ** 31, 2 ** 32]) {
      expect(below(always(0), limit)).toBe(0)
      expect(below(always(0xffff_ffff), limit)).toBe(limit - 1)
    }
    expect(() => below(always(0), 0)).toThrow(InvariantError)
  })

  test('numbers below a limit are spread evenly', () => {
    const random = seededRandom(11)
    const counts = new Array<number>(10).fill(0)
    for (let i = 0; i < 10_000; i++) counts[below(random, 10)]! += 1
    expect(chiSquared(counts)).toBeLessThan(27.9) // 9 degrees of freedom, 1 in 1,000
  })
})

describe('shuffling', () => {
  test('keeps every item', () => {
    const items = countTo(100)
    shuffle(items, seededRandom(5))
    expect(items).not.toEqual(countTo(100))
    expect(items.toSorted((a, b) => a - b)).toEqual(countTo(100))
  })

  test('gives every order alike', () => {
    const random = seededRandom(6)
    const counts = new Map<string, number>()
    for (let i = 0; i < 6_000; i++) {
      const items = ['a', 'b', 'c']
      shuffle(items, random)
      counts.set(items.join(''), (counts.get(items.join('')) ?? 0) + 1)
    }
    expect(counts.size).toBe(6)
    expect(chiSquared([...counts.values()])).toBeLessThan(20.5) // 5 degrees, 1 in 1,000
  })
})

describe('a sample', () => {
  test('has different items, all of them accepted, and no more than asked for', () => {
    const picked = sample(countTo(50), 10, seededRandom(8), (item) => item % 2 === 0)
    expect(new Set(picked).size).toBe(10)
    expect(picked.every((item) => item % 2 === 0)).toBe(true)
  })

  test('finds the only acceptable item, wherever it stands', () => {
    for (let only = 0; only < 20; only++) {
      expect(sample(countTo(20), 3, seededRandom(only), (item) => item === only)).toEqual([only])
    }
  })

  test('leaves the items in their order, and asks about each at most once', () => {
    const items = countTo(30)
    const asked: number[] = []
    sample(items, 5, seededRandom(9), (item) => asked.push(item) < 0)
    expect(items).toEqual(countTo(30))
    expect(asked.toSorted((a, b) => a - b)).toEqual(items)
  })

  test('is empty when nothing is there or asked for', () => {
    expect(sample([], 3, seededRandom(1), () => true)).toEqual([])
    expect(sample([1], 0, seededRandom(1), () => true)).toEqual([])
  })

  test('picks every item alike, and puts each first alike', () => {
    const random = seededRandom(10)
    const picked = new Array<number>(5).fill(0)
    const first = new Array<number>(5).fill(0)
    for (let i = 0; i < 5_000; i++) {
      const items = sample(countTo(5), 2, random, () => true)
      first[items[0]!]! += 1
      for (const item of items) picked[item]! += 1
    }
    expect(chiSquared(picked)).toBeLessThan(18.5) // 4 degrees, 1 in 1,000
    expect(chiSquared(first)).toBeLessThan(18.5)
  })
})
