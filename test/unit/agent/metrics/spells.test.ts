import { expect, test } from 'vitest'
import { Spells } from '../../../../packages/agent/src/metrics/ring-watch.ts'

test('times are summed over partitions, those that last included', () => {
  let nowMs = 100
  const spells = new Spells(() => nowMs)
  spells.begin([1, 2])
  nowMs = 150
  spells.begin([2, 3])
  expect(spells.open).toBe(3)
  nowMs = 200
  spells.end(1)
  spells.end(7)
  expect(spells.open).toBe(2)
  nowMs = 300
  // 100 of the first, which is over; 200 of the second; 150 of the third.
  expect(spells.totalMs).toBe(450)
  spells.end(2)
  spells.end(3)
  nowMs = 999
  expect(spells.totalMs).toBe(450)
})
