import { expect, test } from 'vitest'
import { SortedLists } from '../../../../packages/libring/src/ring/balanced/sorted-lists.ts'

test('lists stay in order whatever comes and goes', () => {
  const lists = new SortedLists(2)
  lists.append(0, 3)
  lists.append(0, 8)
  lists.insert(0, 5)
  lists.insert(0, 1)
  lists.insert(0, 9)
  expect(lists.of(0)).toEqual([1, 3, 5, 8, 9])
  lists.remove(0, 5)
  lists.remove(0, 1)
  expect(lists.of(0)).toEqual([3, 8, 9])
  expect(lists.of(1)).toEqual([])
})
