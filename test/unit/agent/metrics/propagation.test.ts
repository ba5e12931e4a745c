import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Propagation, type ProbedNode } from '../../../../packages/agent/src/metrics/propagation.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A node among so many, whom nobody acknowledges anything. */
function nodeAmong(count: number, query: () => AsyncIterable<never>): ProbedNode {
  const members = Array.from({ length: count }, (_, index) => ({
    ...{ name: `node-${index}`, status: 'alive' },
  }))
  const node = { localName: 'node-0', status: 'alive', members: () => members, query }
  return node as unknown as ProbedNode
}

async function* silence(): AsyncGenerator<never> {}

const broken = (): AsyncIterable<never> => ({
  [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error('the node is leaving')) }),
})

function probing(count: number, query: () => AsyncIterable<never>): Propagation {
  const node = nodeAmong(count, query)
  return new Propagation({ node, nowMs: () => Date.now(), onHeard: () => {}, fraction: () => 0.5 })
}

test.each([
  [2, 2],
  [10, 10],
  [1_000, 1_000],
])('of %i members each probes once in %i minutes', async (count, minutes) => {
  const propagation = probing(count, silence)
  propagation.start()
  await vi.advanceTimersByTimeAsync(minutes * 60_000 - 1)
  expect(propagation.probes).toBe(0)
  await vi.advanceTimersByTimeAsync(1)
  expect(propagation.probes).toBe(1)
  await vi.advanceTimersByTimeAsync(4 * minutes * 60_000)
  expect(propagation.probes).toBe(5)
  expect(propagation.unheard).toBe(5 * (count - 1))
  propagation.stop()
  await vi.advanceTimersByTimeAsync(4 * minutes * 60_000)
  expect(propagation.probes).toBe(5)
})

test('a node that is alone, or fails to ask, goes on and counts nobody as unheard', async () => {
  for (const [count, query] of [
    [1, silence],
    [3, broken],
  ] as const) {
    const propagation = probing(count, query)
    propagation.start()
    await vi.advanceTimersByTimeAsync(10 * 60_000)
    expect(propagation.unheard).toBe(0)
    expect(propagation.probes).toBe(count === 1 ? 0 : 3)
    propagation.stop()
  }
})
