import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TimeHeap, type Dated } from '../../../packages/libring/src/base/time-heap.ts'

const times = fc.array(fc.nat(9), { maxLength: 60 })
const entriesOf = (times: readonly number[]): Dated[] =>
  times.map((atMs, order) => ({ atMs, order }))
const inOrder = (left: Dated, right: Dated) => left.atMs - right.atMs || left.order - right.order

function drain(heap: TimeHeap<Dated>): Dated[] {
  const drained: Dated[] = []
  for (let entry = heap.pop(); entry !== undefined; entry = heap.pop()) drained.push(entry)
  return drained
}

test('entries come out soonest first, those of one time in the order they went in', () => {
  fc.assert(
    fc.property(times, (times) => {
      const heap = new TimeHeap<Dated>()
      for (const entry of entriesOf(times)) heap.push(entry)
      expect(heap.size).toBe(times.length)
      expect(drain(heap)).toEqual(entriesOf(times).sort(inOrder))
    }),
    { seed: 5 },
  )
})

test('what is dropped does not come out, and the rest does in order', () => {
  fc.assert(
    fc.property(times, fc.nat(9), (times, limit) => {
      const heap = new TimeHeap<Dated>()
      for (const entry of entriesOf(times)) heap.push(entry)
      heap.keepOnly(({ atMs }) => atMs < limit)
      const kept = entriesOf(times).filter(({ atMs }) => atMs < limit)
      expect(drain(heap)).toEqual(kept.sort(inOrder))
    }),
    { seed: 6 },
  )
})

test('looking does not take, and an empty heap has nothing', () => {
  const heap = new TimeHeap<Dated>()
  expect([heap.peek(), heap.pop()]).toEqual([undefined, undefined])
  heap.push({ atMs: 1, order: 0 })
  expect([heap.peek(), heap.peek()]).toEqual([heap.peek(), { atMs: 1, order: 0 }])
  heap.clear()
  expect(heap.peek()).toBeUndefined()
})
