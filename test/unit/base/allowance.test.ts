import { expect, test } from 'vitest'
import { Allowance } from '../../../packages/libring/src/base/allowance.ts'

test('as much as is saved up can be taken at once, then as much as time brings', () => {
  const allowance = new Allowance(10, 20)
  expect(allowance.take(20, 0)).toBe(true)
  expect(allowance.take(1, 0)).toBe(false)
  expect(allowance.take(1, 99)).toBe(false)
  expect(allowance.take(1, 100)).toBe(true)
  expect(allowance.take(5, 600)).toBe(true)
  expect(allowance.take(1, 600)).toBe(false)
})

test('no more is saved up than that, however long nothing is taken', () => {
  const allowance = new Allowance(10)
  expect(allowance.take(10, 1_000_000)).toBe(true)
  expect(allowance.take(11, 9_000_000)).toBe(false)
  expect(allowance.take(10, 9_000_000)).toBe(true)
})

test('what is refused takes nothing, and a clock that steps back gives nothing', () => {
  const allowance = new Allowance(10)
  expect(allowance.take(11, 0)).toBe(false)
  expect(allowance.take(10, 0)).toBe(true)
  expect(allowance.take(1, -1_000)).toBe(false)
  expect(allowance.take(1, 0)).toBe(false)
})
