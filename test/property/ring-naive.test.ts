import { describe, expect, test } from 'vitest'
import { below, seededRandom } from '../../packages/libring/src/base/random.ts'
import { Ring } from '../../packages/libring/src/ring/ring.ts'
import { naiveTable, type NaiveShape } from '../support/ring-naive.ts'
import { namesOf } from '../support/ring-vectors.ts'

// Goal: the assignment is what its definition says, also where it is hard to fill.
// Method: a second, naive implementation, and small random rings: few partitions, several
// zones, unequal weights, no slack. Some have more partitions, as many as it takes for unequal
// members to come off a heap first.

function rowsOf({ members, ...options }: NaiveShape): string[][] {
  const ring = new Ring(members, options)
  return Array.from({ length: options.partitions }, (_, p) => namesOf(ring.holdersForPartition(p)))
}

function shapeOf(seed: number, partitionsMax: number): NaiveShape {
  const random = seededRandom(seed, 'naive')
  const pick = <T>(choices: readonly T[]) => choices[below(random, choices.length)]!
  const heaviest = pick([1, 3, 20, 65_535])
  const zones = pick([1, 2, 3, 4, 5])
  return {
    partitions: 1 + below(random, partitionsMax),
    redundancy: 1 + below(random, 5),
    slack: pick([0, 0, 10, 50]),
    primarySlack: pick([0, 0, 100]),
    members: Array.from({ length: 1 + below(random, 12) }, (_, i) => ({
      name: `node-${i}`,
      weight: 1 + below(random, heaviest),
      zone: `zone-${below(random, zones)}`,
    })),
  }
}

test.each([
  { band: 0, partitionsMax: 24 },
  { band: 1, partitionsMax: 24 },
  { band: 2, partitionsMax: 24 },
  { band: 3, partitionsMax: 24 },
  { band: 4, partitionsMax: 300 },
])('rings of up to $partitionsMax partitions are as defined, band $band', (rings) => {
  const { band, partitionsMax } = rings
  for (let i = 0; i < 500; i++) {
    const shape = shapeOf(1_000 * band + i, partitionsMax)
    expect(rowsOf(shape), `seed ${1_000 * band + i}`).toEqual(naiveTable(shape))
  }
})

// Rings in which a chain of exchanges must not come back to a partition that is on it already.
describe('chains that could cross themselves', () => {
  const zoned = (weights: readonly number[], zones: string) =>
    weights.map((weight, i) => ({ name: `node-${i}`, weight, zone: `z${zones[i]}` }))
  const base = { redundancy: 4, slack: 0, primarySlack: 100 }
  const heavy = [24_107, 7_118, 30_917, 15_152, 19_057, 3_586, 30_211, 15_062, 58_128]
  const many = [
    2_680, 60_363, 41_972, 17_373, 8_219, 57_562, 9_363, 24_605, 1_314, 12_281, 16_497, 23_837,
  ]
  test.each<NaiveShape>([
    { ...base, partitions: 9, members: zoned(heavy, '201001102') },
    { ...base, partitions: 12, members: zoned([3, 3, 1, 3, 1, 2, 1], '1210012') },
    { ...base, partitions: 17, redundancy: 5, slack: 10, members: zoned(many, '110110000110') },
  ])('$partitions partitions', (shape) => {
    expect(rowsOf(shape)).toEqual(naiveTable(shape))
  })
})
