import { expect, test } from 'vitest'
import { diff } from '../../../packages/libring/src/ring/diff.ts'
import { Ring } from '../../../packages/libring/src/ring/ring.ts'
import { namesOf, nodes } from '../../support/ring-vectors.ts'

const options = { assignment: 'rendezvous', partitions: 4_096, redundancy: 3 } as const

// Written down once: any change to these moves data in every cluster that runs.
test('the table is the one that running clusters have', () => {
  const ring = new Ring(nodes(5), { ...options, partitions: 8, redundancy: 2 })
  const rows = Array.from({ length: 8 }, (_, p) => namesOf(ring.holdersForPartition(p)).join())
  expect(rows).toMatchInlineSnapshot(`
    [
      "node-3,node-4",
      "node-3,node-2",
      "node-1,node-3",
      "node-3,node-4",
      "node-0,node-4",
      "node-1,node-2",
      "node-4,node-2",
      "node-3,node-1",
    ]
  `)
})

test('a member that joins only takes, and one that leaves only gives', () => {
  const few = new Ring(nodes(9), options)
  const more = new Ring(nodes(10), options)
  const heldBy = (ring: Ring, p: number) => new Set(namesOf(ring.holdersForPartition(p)))
  for (let p = 0; p < options.partitions; p++) {
    const gained = [...heldBy(more, p)].filter((name) => !heldBy(few, p).has(name))
    expect(gained.filter((name) => name !== 'node-9')).toEqual([])
  }
  expect(diff(few, more).length).toBeGreaterThan(0)
})

test('the primaries follow the weights', () => {
  const weights = [1, 1, 2, 4]
  const members = nodes(4).map((member, i) => ({ ...member, weight: weights[i]! }))
  const ring = new Ring(members, { ...options, partitions: 65_536 })
  for (const [i, { primaries }] of ring.memberLoads.entries()) {
    const share = (65_536 * weights[i]!) / 8
    expect(Math.abs(primaries / share - 1)).toBeLessThan(0.03)
  }
})

test('equal weights give one table, whatever the weight', () => {
  const heavy = nodes(7).map((member) => ({ ...member, weight: 65_535 }))
  expect(diff(new Ring(nodes(7), options), new Ring(heavy, options))).toEqual([])
})

test('a weight that grows takes partitions and moves none between others', () => {
  const at = (weight: number) => {
    const members = nodes(6).map(({ name }) => ({ name, weight: name === 'node-3' ? weight : 2 }))
    return new Ring(members, { ...options, redundancy: 1 })
  }
  const moves = diff(at(2), at(3))
  expect(moves.length).toBeGreaterThan(0)
  expect(new Set(moves.map(({ to }) => to?.name))).toEqual(new Set(['node-3']))
})
