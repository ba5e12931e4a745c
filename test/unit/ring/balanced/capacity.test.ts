import { expect, test } from 'vitest'
import { Capacity } from '../../../../packages/libring/src/ring/balanced/capacity.ts'

/** Take as often as there is room, and say how often that was. */
function fill(capacity: Capacity, member: number): number {
  let taken = 0
  while (capacity.hasRoom(member)) {
    capacity.take(member)
    taken++
  }
  return taken
}

const two = (permits: number, limit = 10) =>
  new Capacity(
    Uint32Array.of(3, 3),
    Uint32Array.of(limit, limit),
    new Uint16Array(2),
    Uint32Array.of(permits),
  )

test('a member is filled to its capacity, and by one more with a permit', () => {
  const capacity = two(1)
  expect(fill(capacity, 0)).toBe(4)
  expect(fill(capacity, 1)).toBe(3)
  expect([...capacity.loads]).toEqual([4, 3])
})

test('nobody gets two permits', () => {
  expect(fill(two(5), 0)).toBe(4)
})

test('a permit does not lift a member above its limit', () => {
  expect(fill(two(5, 3), 0)).toBe(3)
})

test('a permit is worth nothing in another pool', () => {
  const capacity = new Capacity(
    Uint32Array.of(1, 1),
    Uint32Array.of(9, 9),
    Uint16Array.of(0, 1),
    Uint32Array.of(0, 1),
  )
  expect(fill(capacity, 0)).toBe(1)
  expect(fill(capacity, 1)).toBe(2)
})

test('what is forced is counted, uses no permit and leaves no room', () => {
  const capacity = two(1)
  fill(capacity, 0)
  capacity.force(0)
  expect(capacity.forced).toBe(1)
  expect(capacity.hasRoom(0)).toBe(false)
  expect([...capacity.loads]).toEqual([5, 0])
})
