import { beforeEach, expect, test } from 'vitest'
import { Ledger } from '../../../examples/demo/src/ledger.ts'

let ledger: Ledger

beforeEach(() => {
  ledger = new Ledger(1, 2)
})

const acquire = (replica: number) => ({ type: 'acquire', partition: 0, replica }) as const
const release = (replica: number) => ({ type: 'release', partition: 0, replica }) as const
const change = (previousReplica: number, replica: number) =>
  ({ type: 'change', partition: 0, replica, previousReplica }) as const

test('every index is with somebody present, each with another', () => {
  ledger.record('anise', acquire(0))
  expect(ledger.isComplete(['anise', 'basil'])).toBe(false)
  ledger.record('basil', acquire(1))
  expect(ledger.isComplete(['anise', 'basil'])).toBe(true)
  expect(ledger.isComplete(['anise', 'clove'])).toBe(false)
  expect([ledger.owners(), ledger.held('anise', 0), ledger.backups('basil')]).toEqual([
    ['anise'],
    [0],
    [0],
  ])
})

test('whoever took an index beside somebody else, and lets it go, leaves it with that one', () => {
  ledger.record('anise', acquire(0))
  ledger.record('basil', acquire(1))
  ledger.record('clove', acquire(1))
  expect(ledger.isComplete(['anise', 'basil', 'clove'])).toBe(false)
  ledger.record('clove', release(1))
  expect(ledger.isComplete(['anise', 'basil', 'clove'])).toBe(true)
})

test('who takes over an index from somebody that tells later that it has another has it', () => {
  ledger.record('anise', acquire(0))
  ledger.record('basil', acquire(0))
  expect(ledger.owners()).toEqual(['basil'])
  ledger.record('anise', change(0, 1))
  expect(ledger.owners()).toEqual(['basil'])
  expect(ledger.isComplete(['anise', 'basil'])).toBe(true)
})

test('one that is no longer there does not count', () => {
  ledger.record('anise', acquire(0))
  ledger.record('basil', acquire(1))
  expect(ledger.isComplete(['basil'])).toBe(false)
  ledger.record('basil', change(1, 0))
  expect(ledger.isComplete(['basil'])).toBe(true)
  expect(ledger.owners()).toEqual(['basil'])
})
