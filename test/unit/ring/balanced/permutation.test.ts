import { describe, expect, test } from 'vitest'
import {
  permutationKeys,
  Permutations,
} from '../../../../packages/libring/src/ring/balanced/permutation.ts'

const names = ['a', 'node-1', '節😀']
const sizes = [
  ...Array.from({ length: 130 }, (_, i) => i + 1),
  511,
  512,
  513,
  2_056,
  65_535,
  65_536,
]

describe('every member asks for each partition once', () => {
  test.each(sizes)('of %i partitions', (partitions) => {
    const permutations = new Permutations(partitions, names.map(permutationKeys))
    for (const member of names.keys()) {
      let lost = 0
      const seen = new Uint8Array(partitions)
      for (let rank = 0; rank < partitions; rank++) {
        const partition = permutations.partitionAt(member, rank)
        seen[partition]!++
        if (permutations.rankOf(member, partition) !== rank) lost++
      }
      expect(lost).toBe(0)
      expect(seen.every((count) => count === 1)).toBe(true)
    }
  })
})

test('members ask in different orders', () => {
  const permutations = new Permutations(512, names.map(permutationKeys))
  const order = (member: number) =>
    Array.from({ length: 512 }, (_, rank) => permutations.partitionAt(member, rank)).join()
  expect(new Set([...names.keys()].map(order)).size).toBe(names.length)
})
