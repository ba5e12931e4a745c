import { expect, test } from 'vitest'
import { Placement } from '../../../../packages/libring/src/ring/balanced/placement.ts'

function filled(): Placement {
  const placement = new Placement(3, 3)
  for (const [member, tick] of [
    [7, 5],
    [4, 5],
    [9, 1],
  ] as const) {
    placement.append(1, member, tick)
  }
  return placement
}

const row = ({ holders, ticks }: Placement) => [
  [...holders.subarray(3, 6)],
  [...ticks.subarray(3, 6)],
]

test('holders are added one after the other, up to the width', () => {
  const placement = filled()
  expect(row(placement)).toEqual([
    [7, 4, 9],
    [5, 5, 1],
  ])
  expect(placement.isFull(1)).toBe(true)
  expect(placement.isFull(0)).toBe(false)
  expect(placement.holds(1, 4)).toBe(true)
  expect(placement.holds(0, 0)).toBe(false)
})

test('a holder that is taken out leaves a place', () => {
  const placement = filled()
  placement.remove(1, 7)
  expect(placement.holds(1, 7)).toBe(false)
  expect(placement.isFull(1)).toBe(false)
  placement.append(1, 2, 8)
  placement.remove(1, 2)
  placement.append(1, 7, 5)
  placement.order(1)
  const whole = filled()
  whole.order(1)
  expect(row(placement)).toEqual(row(whole))
})

test('the order is that of ticks, then of members', () => {
  const placement = filled()
  placement.order(1)
  expect(row(placement)).toEqual([
    [9, 4, 7],
    [1, 5, 5],
  ])
})

test('moving one to the front keeps the order of the others', () => {
  const placement = filled()
  placement.moveToFront(1, 2)
  expect(row(placement)).toEqual([
    [9, 7, 4],
    [1, 5, 5],
  ])
})

test('partitions are told in the order of their first holders, until that changes', () => {
  const placement = new Placement(3, 2)
  placement.append(2, 5, 0)
  placement.append(0, 4, 0)
  placement.append(2, 4, 1)
  expect(placement.firstHeld).toBeUndefined()
  placement.append(1, 5, 1)
  placement.append(0, 5, 2)
  expect([...placement.firstHeld!]).toEqual([2, 0, 1])
  placement.order(2)
  expect(placement.firstHeld).toBeUndefined()
})
