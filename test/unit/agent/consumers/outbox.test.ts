import { expect, test } from 'vitest'
import type { ConsumerStep } from '../../../../packages/agent/src/consumers/consumer.ts'
import { Outbox, type OutboxEntry } from '../../../../packages/agent/src/consumers/outbox.ts'

function add(outbox: Outbox, type: ConsumerStep['type'], partition: number): OutboxEntry {
  return outbox.add({ type, seq: 1, partition, replica: 0 }, () => {})
}

function kept(outbox: Outbox): string[] {
  return outbox.entries().map(({ id, step }) => `${id} ${step.type} ${step.partition}`)
}

test('a release that was called off outlives what came between it and the latest step', () => {
  const outbox = new Outbox()
  outbox.callOff(add(outbox, 'release', 3))
  outbox.callOff(add(outbox, 'acquire', 3))
  add(outbox, 'release', 3)
  expect(kept(outbox)).toEqual(['1 release 3', '3 release 3'])
})

test('steps of other partitions are kept, in the order of their ids', () => {
  const outbox = new Outbox()
  add(outbox, 'acquire', 2)
  add(outbox, 'acquire', 1)
  expect(outbox.settle(1, {})).toBe(true)
  add(outbox, 'release', 2)
  expect(kept(outbox)).toEqual(['2 acquire 1', '3 release 2'])
})
