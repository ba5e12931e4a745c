import { expect, test } from 'vitest'
import { fillShares } from '../../../../packages/libring/src/ring/balanced/shares.ts'

interface Example {
  what: string
  total: number
  weights: number[]
  limits: number[]
  slack: number
  capacities: number[]
  permits: number
}

// Worked by hand.
test.each<Example>([
  {
    what: 'equal members share equally; what does not divide becomes permits',
    total: 10,
    weights: [1, 1, 1],
    limits: [9, 9, 9],
    slack: 0,
    capacities: [3, 3, 3],
    permits: 1,
  },
  {
    what: 'slack is added before dividing',
    total: 100,
    weights: [1, 1, 1],
    limits: [99, 99, 99],
    slack: 50,
    capacities: [35, 35, 35],
    permits: 0,
  },
  {
    what: 'shares follow the weights',
    total: 12,
    weights: [1, 2, 3],
    limits: [12, 12, 12],
    slack: 0,
    capacities: [2, 4, 6],
    permits: 0,
  },
  {
    what: 'what one cannot take goes to the others, in proportion',
    total: 24,
    weights: [1, 2, 10],
    limits: [12, 12, 12],
    slack: 0,
    capacities: [4, 8, 12],
    permits: 0,
  },
  {
    what: 'a member filled by the overflow of another passes on its own',
    total: 24,
    weights: [1, 6, 10],
    limits: [10, 10, 10],
    slack: 0,
    capacities: [4, 10, 10],
    permits: 0,
  },
  {
    what: 'slack does not lift a share above its limit, and the rest is permitted',
    total: 15,
    weights: [1, 1],
    limits: [8, 8],
    slack: 200,
    capacities: [8, 8],
    permits: 0,
  },
  {
    what: 'a member with limit 0 gets nothing',
    total: 6,
    weights: [5, 1, 1],
    limits: [0, 6, 6],
    slack: 0,
    capacities: [0, 3, 3],
    permits: 0,
  },
  {
    what: 'nothing to share',
    total: 0,
    weights: [1, 1],
    limits: [5, 5],
    slack: 50,
    capacities: [0, 0],
    permits: 0,
  },
])('$what', ({ total, weights, limits, slack, capacities, permits }) => {
  const actual = new Uint32Array(weights.length)
  const left = fillShares(
    total,
    [...weights.keys()],
    Uint32Array.from(weights),
    Uint32Array.from(limits),
    slack,
    actual,
  )
  expect([...actual]).toEqual(capacities)
  expect(left).toBe(permits)
})

test('only the members named are looked at', () => {
  const capacities = Uint32Array.of(77, 0, 77, 0)
  const ones = new Uint32Array(4).fill(1)
  const limits = new Uint32Array(4).fill(9)
  expect(fillShares(8, [1, 3], ones, limits, 0, capacities)).toBe(0)
  expect([...capacities]).toEqual([77, 4, 77, 4])
})
