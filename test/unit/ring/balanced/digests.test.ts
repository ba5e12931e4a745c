import { describe, expect, test } from 'vitest'
import { permutationKeys } from '../../../../packages/libring/src/ring/balanced/permutation.ts'
import { fnv1a64Text } from '../../../../packages/libring/src/ring/fnv1a64.ts'
import { Ring } from '../../../../packages/libring/src/ring/ring.ts'
import { namesOf, ringVectors } from '../../../support/ring-vectors.ts'

interface Shape {
  partitions: number
  members: number
  redundancy: number
  slack?: number
  slack1?: number
  zones?: string
  weights?: string
}

interface Case extends Shape {
  digest: string
  first?: string[]
  maxLoad?: number
}

const vectors = ringVectors<{
  keys: { name: string; k: string[] }[]
  cases: Case[]
  fullList: (Shape & { partition: number; nodes: number[] })[]
}>('crm-digests')

// The vectors give weights as expressions in the member's number.
const weightOf: Record<string, (i: number) => number> = {
  '1': () => 1,
  '1+i%2': (i) => 1 + (i % 2),
  '1+i%3': (i) => 1 + (i % 3),
  '1+15*(i%2)': (i) => 1 + 15 * (i % 2),
  'i===0?50:1': (i) => (i === 0 ? 50 : 1),
  'i%4===0?65535:1+i': (i) => (i % 4 === 0 ? 65_535 : 1 + i),
}

function ringOf({ weights = '1', zones, ...shape }: Shape): Ring {
  const labels = Array.from(zones ?? '')
  const members = Array.from({ length: shape.members }, (_, i) => ({
    name: `node-${i}`,
    weight: weightOf[weights]!(i),
    zone: labels[i % labels.length],
  }))
  return new Ring(members.reverse(), {
    partitions: shape.partitions,
    redundancy: shape.redundancy,
    assignment: 'balanced',
    slack: shape.slack ?? 50,
    primarySlack: shape.slack1 ?? 100,
  })
}

function digestOf(ring: Ring): string {
  let text = ''
  for (let p = 0; p < ring.options.partitions; p++) {
    for (const { name } of ring.holdersForPartition(p)) text += `${name},`
    text += ';'
  }
  return Array.from(fnv1a64Text(text), (half) => half.toString(16).padStart(8, '0')).join('')
}

test.each(vectors.keys)('the keys of $name are those of the specification', ({ name, k }) => {
  const keys = Array.from(permutationKeys(name), (key) => (key >>> 0).toString(16).padStart(8, '0'))
  expect(keys).toEqual(k)
})

describe('the table agrees with two independent implementations', () => {
  test.each(vectors.cases)(
    'P $partitions, N $members, R $redundancy, zones $zones, weights $weights, slack $slack',
    ({ digest, first, maxLoad, ...shape }) => {
      const ring = ringOf(shape)
      const head = namesOf(ring.holdersForPartition(0))
      const most = Math.max(...ring.memberLoads.map(({ replicas }) => replicas))
      expect(digestOf(ring)).toBe(digest)
      expect(head).toEqual(first ?? head)
      expect(most).toBe(maxLoad ?? most)
    },
  )
})

test.each(vectors.fullList)(
  'the preference list of partition $partition is in the order of ticks',
  ({ partition, nodes, ...shape }) => {
    const list = ringOf(shape).membersForPartition(partition)
    expect(namesOf(list)).toEqual(nodes.map((i) => `node-${i}`))
  },
)
