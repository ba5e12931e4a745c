import fc from 'fast-check'
import { expect, test } from 'vitest'
import { makeRings, type MadeRings } from '../../packages/libring/src/ownership/made-rings.ts'
import { resolveRingOptions } from '../../packages/libring/src/ring/options.ts'
import { SharedViews } from '../../packages/libring/src/sim/shared-views.ts'
import { aClusterMember } from '../support/ownership.ts'

// What nodes of a world share has to be what each would have made for itself.

const NAMES = ['ann', 'bob', 'cat', 'dan']
const OPTIONS = [
  resolveRingOptions({ partitions: 16 }),
  resolveRingOptions({ partitions: 16 }),
  resolveRingOptions({ partitions: 16, redundancy: 2 }),
]

const share = fc.record({ weight: fc.integer({ min: 1, max: 2 }), zone: fc.constantFrom('', 'z') })
const homes = fc.uniqueArray(fc.record({ name: fc.constantFrom(...NAMES), share }), {
  selector: ({ name }) => name,
})
const step = fc.record({
  node: fc.nat({ max: 1 }),
  options: fc.constantFrom(...OPTIONS),
  present: homes,
  away: homes,
  rev: fc.constantFrom('1', '2'),
})

/** Which member holds what, what records say, and whether it is what the node had before. */
function described(rings: MadeRings, before: MadeRings | undefined) {
  const holders = (ring: MadeRings['homes']) => [...ring.assignment.holders]
  return {
    isBefore: rings === before,
    homes: holders(rings.homes),
    acting: holders(rings.acting),
    // In the order of their names, as each node heard of them in an order of its own.
    members: rings.acting.members,
    all: rings.homes.members.map(({ name, weight, zone }) => ({ name, weight, zone })),
    options: rings.acting.options,
  }
}

test('shared rings are those that each node would make', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const shared = new SharedViews()
      const [own, together] = [new Map<string, MadeRings>(), new Map<string, MadeRings>()]
      for (const { node, options, present, away, rev } of steps) {
        const records = present.map(({ name, share: theirs }) => {
          return aClusterMember(name, { ...theirs, tags: { rev } })
        })
        const absent = away.map(({ name, share: theirs }) => ({ name, ...theirs }))
        const key = `${node} ${OPTIONS.indexOf(options)}`
        const alone = makeRings({ present: records, away: absent }, options, own.get(key))
        const parts = { present: records.map(shared.pool), away: absent }
        const made = shared.makeRings(parts, options, together.get(key))
        expect(described(made, together.get(key))).toEqual(described(alone, own.get(key)))
        own.set(key, alone)
        together.set(key, made)
      }
    }),
  )
})

const options = resolveRingOptions({ partitions: 16 })

function views() {
  const shared = new SharedViews()
  return (names: readonly string[], before?: MadeRings) => {
    const present = names.map((name) => shared.pool(aClusterMember(name)))
    return shared.makeRings({ present, away: [] }, options, before)
  }
}

test('nodes that see the same have one ring', () => {
  const see = views()
  const first = see(['ann', 'bob'])
  expect(see(['bob', 'ann'])).toBe(first)
  expect(see(['bob', 'cat'])).not.toBe(first)
  expect(see(['ann', 'bob'])).toBe(first)
})

test('a node that sees what it saw keeps its ring, though it was forgotten and made anew', () => {
  const see = views()
  const first = see(['ann', 'bob'])
  for (let i = 0; i < 64; i++) see(['ann', `guest-${i}`])
  const again = see(['ann', 'bob'])
  expect(again).not.toBe(first)
  expect(see(['ann', 'bob'], first)).toBe(first)
  expect(see(['ann', 'bob'], again)).toBe(again)
})
