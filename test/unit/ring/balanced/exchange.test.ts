import { expect, test } from 'vitest'
import { ExchangeSearch } from '../../../../packages/libring/src/ring/balanced/exchange.ts'

// Partition 40 seeks a holder. Members 1 and 2 may take it; 3 may take 41 from 2, 4 may take 42
// from 3.
function searched(): ExchangeSearch {
  const search = new ExchangeSearch(6)
  search.start(1, 40)
  search.start(2, 40)
  search.reach(3, 41, 2)
  search.reach(4, 42, 3)
  return search
}

test('members are taken in the order in which they were reached', () => {
  const search = searched()
  expect([1, 2, 3, 4, 5].map(() => search.take())).toEqual([1, 2, 3, 4, undefined])
})

test('a path is told from its end to the partition that sought a holder', () => {
  expect([...searched().path(4)]).toEqual([
    { taker: 4, partition: 42, giver: 3 },
    { taker: 3, partition: 41, giver: 2 },
    { taker: 2, partition: 40, giver: undefined },
  ])
})

test('a partition is on a path if it changes hands there, or sought the holder', () => {
  const search = searched()
  expect([40, 41, 42].map((partition) => search.isOnPath(3, partition))).toEqual([
    true,
    true,
    false,
  ])
  expect(search.isOnPath(1, 41)).toBe(false)
})

test('only members that were reached are seen', () => {
  const search = searched()
  expect([0, 1, 2, 3, 4, 5].map((member) => search.isSeen(member))).toEqual([
    false,
    true,
    true,
    true,
    true,
    false,
  ])
})
