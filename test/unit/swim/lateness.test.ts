import { expect, test } from 'vitest'
import { Lateness } from '../../../packages/libring/src/swim/lateness.ts'

test('what is in time, early, or late by no more than is tolerated, does not count', () => {
  const lateness = new Lateness(500)
  expect(lateness.take(1_000, 1_000)).toBe(0)
  expect(lateness.take(1_000, 400)).toBe(0)
  expect(lateness.take(1_000, 1_500)).toBe(0)
})

test('what is later counts from when it was due, and once', () => {
  const lateness = new Lateness(500)
  expect(lateness.take(1_000, 1_501)).toBe(1_001)
  expect(lateness.take(1_000, 1_501)).toBe(0)
  expect(lateness.take(1_000, 2_001)).toBe(0)
  expect(lateness.take(1_000, 2_002)).toBe(1_001)
})
