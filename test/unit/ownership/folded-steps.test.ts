import { expect, test } from 'vitest'
import { FoldedSteps, Holdings } from '../../../packages/libring/src/ownership/folded-steps.ts'
import { aStep } from '../../support/ownership.ts'

test('steps of different partitions come out in the order they went in', () => {
  const steps = new FoldedSteps()
  for (let seq = 1; seq <= 5; seq++) steps.add(aStep(5 - seq, undefined, 0, seq)!)
  const partitions = [1, 2, 3, 4, 5].map(() => steps.take()?.partition)
  expect(partitions).toEqual([4, 3, 2, 1, 0])
  expect(steps.take()).toBeUndefined()
})

test('a step that folds with a waiting one moves behind the others', () => {
  const steps = new FoldedSteps()
  steps.add(aStep(1, undefined, 0, 1)!)
  steps.add(aStep(2, undefined, 0, 2)!)
  steps.add(aStep(1, 0, 1, 3)!)
  expect([steps.take()?.seq, steps.take()?.seq]).toEqual([2, 3])
})

test('a step taken and its reversal are both told', () => {
  const steps = new FoldedSteps()
  steps.add(aStep(1, undefined, 0, 1)!)
  expect(steps.take()?.type).toBe('acquire')
  steps.add(aStep(1, 0, undefined, 2)!)
  expect(steps.take()?.type).toBe('release')
})

test('a step and its reversal that were not taken leave nothing behind', () => {
  const steps = new FoldedSteps()
  steps.add(aStep(1, undefined, 0, 1)!)
  steps.add(aStep(1, 0, undefined, 2)!)
  expect([steps.size, steps.take()]).toEqual([0, undefined])
})

test('steps added after everything was taken are found', () => {
  const steps = new FoldedSteps()
  for (let round = 0; round < 3; round++) {
    steps.add(aStep(round, undefined, 0, round + 1)!)
    expect(steps.take()?.partition).toBe(round)
    expect(steps.take()).toBeUndefined()
  }
})

test('what is held is an acquire for each partition, the latest step last', () => {
  const holdings = new Holdings()
  holdings.apply(aStep(1, undefined, 0, 1)!)
  holdings.apply(aStep(2, undefined, 1, 2)!)
  holdings.apply(aStep(3, undefined, 1, 3)!)
  holdings.apply(aStep(1, 0, 2, 4)!)
  holdings.apply(aStep(2, 1, undefined, 5)!)
  const held = holdings.events().map(({ type, partition, replica, seq }) => {
    return { type, partition, replica, seq }
  })
  expect(held).toEqual([
    { type: 'acquire', partition: 3, replica: 1, seq: 3 },
    { type: 'acquire', partition: 1, replica: 2, seq: 4 },
  ])
})
