import { expect, test } from 'vitest'
import { planZones } from '../../../../packages/libring/src/ring/balanced/zones.ts'

interface Example {
  what: string
  /** Members and weight by zone. */
  zones: [number, number][]
  holders: number
  totals: number[]
  lower: number[]
  upper: number[]
  extras: number
  budgets: number[]
}

// Worked by hand, for 100 partitions and a slack of 5 %.
test.each<Example>([
  {
    what: 'as many equal zones as holders: one holder in each',
    zones: [
      [3, 3],
      [3, 3],
      [3, 3],
    ],
    holders: 3,
    totals: [100, 100, 100],
    lower: [1, 1, 1],
    upper: [1, 1, 1],
    extras: 0,
    budgets: [0, 0, 0],
  },
  {
    what: 'fewer zones than holders: each has one, and one of them two',
    zones: [
      [8, 8],
      [8, 8],
    ],
    holders: 3,
    totals: [150, 150],
    lower: [1, 1],
    upper: [2, 2],
    extras: 1,
    budgets: [57, 57],
  },
  {
    what: 'more zones than holders: some have none',
    zones: [
      [2, 2],
      [2, 2],
      [2, 2],
      [2, 2],
    ],
    holders: 3,
    totals: [75, 75, 75, 75],
    lower: [0, 0, 0, 0],
    upper: [1, 1, 1, 1],
    extras: 3,
    budgets: [28, 28, 28, 28],
  },
  {
    what: 'one zone alone holds everything',
    zones: [[9, 9]],
    holders: 3,
    totals: [300],
    lower: [3],
    upper: [3],
    extras: 0,
    budgets: [0],
  },
  {
    what: 'a zone heavier than its bound is full, and the others divide the rest',
    zones: [
      [2, 100],
      [4, 4],
      [4, 4],
      [4, 4],
    ],
    holders: 3,
    totals: [100, 67, 67, 66],
    lower: [1, 0, 0, 0],
    upper: [1, 1, 1, 1],
    extras: 2,
    budgets: [0, 36, 36, 37],
  },
  {
    what: 'a zone lighter than its bound still has a holder everywhere',
    zones: [
      [4, 1],
      [4, 100],
    ],
    holders: 3,
    totals: [100, 200],
    lower: [1, 2],
    upper: [1, 2],
    extras: 0,
    budgets: [0, 0],
  },
  {
    what: 'a zone with too few members leaves more to the others',
    zones: [
      [1, 1],
      [9, 9],
    ],
    holders: 4,
    totals: [100, 300],
    lower: [1, 3],
    upper: [1, 3],
    extras: 0,
    budgets: [0, 0],
  },
])('$what', ({ zones, holders, totals, lower, upper, extras, budgets }) => {
  const sizes = zones.map(([members, weight]) => ({ members, weight }))
  const plan = planZones(sizes, 100, holders, 50)
  expect(plan).toEqual({
    totals,
    lower: Uint8Array.from(lower),
    upper: Uint8Array.from(upper),
    extras,
    budgets: Int32Array.from(budgets),
  })
})
