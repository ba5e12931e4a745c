import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { withFigures } from '../../../bench/ring/figures.ts'
import type { Results } from '../../../bench/ring/report.ts'
import {
  permutationKeys,
  Permutations,
} from '../../../packages/libring/src/ring/balanced/permutation.ts'
import { plan } from '../../../packages/libring/src/ring/plan.ts'
import { Ring } from '../../../packages/libring/src/ring/ring.ts'
import { namesOf } from '../../support/ring-vectors.ts'

const page = readFileSync(new URL('../../../docs/concepts/partitions.md', import.meta.url), 'utf8')

/** The lines of every code block of a kind, each cut at its blanks. */
function blocks(kind: string): string[][][] {
  return [...page.matchAll(new RegExp(`\`\`\`${kind}\\n([^\`]*)\`\`\``, 'g'))].map(([, text]) =>
    text!
      .trim()
      .split('\n')
      .map((line) => line.split(/\s+/)),
  )
}

const options = { partitions: 8, redundancy: 2 }
const three = new Ring([{ name: 'ann' }, { name: 'bob' }, { name: 'cat' }], options)
const joined = plan(three, { add: [{ name: 'dan' }] })

test('the orders in the example are those by which members ask', () => {
  const orders = blocks('orders').flat()
  expect(orders.map(([name]) => name)).toEqual(['ann', 'bob', 'cat', 'dan'])
  for (const [name, ...order] of orders) {
    const permutations = new Permutations(8, [permutationKeys(name!)])
    expect(order).toEqual(order.map((_, rank) => String(permutations.partitionAt(0, rank))))
  }
})

test('in one round cat asks before ann, and ann before bob', () => {
  const byOrder = ['ann', 'bob', 'cat'].sort(
    (left, right) => (permutationKeys(left)[6]! >>> 0) - (permutationKeys(right)[6]! >>> 0),
  )
  expect(byOrder).toEqual(['cat', 'ann', 'bob'])
})

test('the tables in the example are those that are computed', () => {
  const tables = [three, joined.ring].map((ring) =>
    Array.from({ length: 8 }, (_, p) => [String(p), ...namesOf(ring.holdersForPartition(p))]),
  )
  expect(blocks('table')).toEqual(tables)
})

test('the loads in the example are those that are computed', () => {
  const loads = (ring: Ring) =>
    ring.memberLoads.map(({ member, replicas }) => `${member.name} ${replicas}`).join(', ')
  expect(loads(three)).toBe('ann 6, bob 5, cat 5')
  expect(loads(joined.ring)).toBe('ann 4, bob 4, cat 4, dan 4')
  expect(Math.max(...three.memberLoads.map(({ primaries }) => primaries))).toBe(3)
})

test('dan fetches four partitions, and bob one', () => {
  const fetched = joined.members.map(({ member, partitionsIn }) => `${member.name} ${partitionsIn}`)
  expect(fetched).toEqual(['ann 0', 'bob 1', 'cat 0', 'dan 4'])
  expect(three.holdersForPartition(5)).not.toContainEqual({ name: 'bob' })
  expect(joined.ring.holdersForPartition(5)).toContainEqual({ name: 'bob' })
})

test('the figures are those that were measured last', () => {
  const results = new URL('../../../bench/results/ring.json', import.meta.url)
  const measured = JSON.parse(readFileSync(results, 'utf8')) as Results
  expect(withFigures(page, measured)).toBe(page)
})
