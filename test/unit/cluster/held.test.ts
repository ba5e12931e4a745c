import { beforeEach, expect, test } from 'vitest'
import { HeldPartitions } from '../../../packages/libring/src/cluster/held.ts'
import type { OwnershipEvent } from '../../../packages/libring/src/ownership/event.ts'
import { aStep } from '../../support/ownership.ts'

let stalls: { hasStalled: boolean }
let held: HeldPartitions

beforeEach(() => {
  stalls = { hasStalled: false }
  held = new HeldPartitions(stalls)
})

function step(partition: number, before: number | undefined, after: number | undefined): void {
  const event = aStep(partition, before, after)!
  const token = 0x1234n + BigInt(partition)
  held.apply(after === 0 ? ({ ...event, token } as OwnershipEvent) : event)
}

test('a holding begins with index 0, as an acquire or a change, and with no other index', () => {
  step(1, undefined, 0)
  step(2, undefined, 1)
  expect(held.get(2)).toBeUndefined()
  step(2, 1, 0)
  expect(held.get(1)).toMatchObject({ partition: 1, token: 0x1235n, tokenHex: '0000000000001235' })
  expect(held.get(2)).toMatchObject({ partition: 2, token: 0x1236n, valid: true })
  expect(held.get(2)!.signal.aborted).toBe(false)
})

test.each([
  ['a release', undefined],
  ['a change to another index', 2],
] as const)('it ends with %s, whether its signal was asked for before or after', (_, after) => {
  step(1, undefined, 0)
  step(2, undefined, 0)
  const [first, second] = [held.get(1)!, held.get(2)!]
  const { signal } = first
  step(1, 0, after)
  step(2, 0, after)
  expect([first.valid, second.valid]).toEqual([false, false])
  for (const each of [signal, second.signal]) {
    expect(each.aborted).toBe(true)
    expect(each.reason).toMatchObject({ name: 'AbortError', message: 'the partition was let go' })
  }
  expect(held.get(1)).toBeUndefined()
})

test('it is not valid once the process has stalled, before anything is told of that', () => {
  step(1, undefined, 0)
  const holding = held.get(1)!
  const { signal } = holding
  stalls.hasStalled = true
  expect([holding.valid, signal.aborted]).toEqual([false, false])
})

test('all end at once: no listener of one finds another valid', () => {
  for (const partition of [1, 2, 3]) step(partition, undefined, 0)
  const holdings = [1, 2, 3].map((partition) => held.get(partition)!)
  const seen: boolean[] = []
  for (const { signal } of holdings) {
    signal.addEventListener('abort', () => seen.push(...holdings.map(({ valid }) => valid)))
  }
  held.endAll('the process was stopped')
  expect(seen).toEqual(Array.from({ length: 9 }, () => false))
  expect(holdings.map(({ signal }) => String(signal.reason))).toEqual(
    Array.from({ length: 3 }, () => 'AbortError: the process was stopped'),
  )
})

test('what ended stays ended, and what comes after it is another holding', () => {
  step(1, undefined, 0)
  const first = held.get(1)!
  held.endAll('the process was stopped')
  step(1, 0, undefined)
  step(1, undefined, 0)
  const second = held.get(1)!
  expect([first.valid, second.valid]).toEqual([false, true])
  expect(second).not.toBe(first)
})
