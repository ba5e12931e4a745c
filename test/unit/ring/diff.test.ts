import fc from 'fast-check'
import { expect, test } from 'vitest'
import { diff } from '../../../packages/libring/src/ring/diff.ts'
import { Ring } from '../../../packages/libring/src/ring/ring.ts'
import { namesOf } from '../../support/ring-vectors.ts'

const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'), {
  maxLength: 8,
})
const ringOf = (names: string[], redundancy: number) =>
  new Ring(
    names.map((name) => ({ name })),
    { partitions: 24, redundancy },
  )

test('the moves turn the old table into the new one, in order and without detours', () => {
  const redundancy = fc.integer({ min: 1, max: 4 })
  fc.assert(
    fc.property(names, names, redundancy, redundancy, (old, now, few, many) => {
      const before = ringOf(old, few)
      const after = ringOf(now, many)
      const rows = (ring: Ring) =>
        Array.from({ length: 24 }, (_, p) => namesOf(ring.holdersForPartition(p)))
      const slots: (string | undefined)[][] = rows(before)
      let last = -1
      for (const { partition, replica, from, to } of diff(before, after)) {
        expect(partition * 16 + replica).toBeGreaterThan(last)
        last = partition * 16 + replica
        expect(slots[partition]![replica]).toBe(from?.name)
        expect(to?.name).not.toBe(from?.name)
        slots[partition]![replica] = to?.name
      }
      expect(slots.map((row) => row.filter((name) => name !== undefined))).toEqual(rows(after))
    }),
    { seed: 2, numRuns: 300 },
  )
})

test('a member that is described anew does not move', () => {
  const before = new Ring([{ name: 'a', url: 'old' }], { partitions: 4 })
  const after = new Ring([{ name: 'a', url: 'new' }], { partitions: 4 })
  expect(diff(before, after)).toEqual([])
})

test('a move shows each member as its own ring knows it', () => {
  const before = new Ring([{ name: 'a', rev: 1 }], { partitions: 1 })
  const after = new Ring([{ name: 'b', rev: 2 }], { partitions: 1 })
  expect(diff(before, after)).toEqual([
    { partition: 0, replica: 0, from: { name: 'a', rev: 1 }, to: { name: 'b', rev: 2 } },
  ])
})

test('rings that are cut differently cannot be compared', () => {
  const ring = (partitions: number) => new Ring([{ name: 'a' }], { partitions })
  expect(() => diff(ring(4), ring(8))).toThrow(/partition count is fixed/)
})
