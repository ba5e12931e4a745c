import {
  below,
  fraction,
  seededRandom,
  shuffle,
  type Random,
} from '../../packages/libring/src/base/random.ts'
import type { Assignment } from '../../packages/libring/src/ring/assignment.ts'
import { assignBalanced } from '../../packages/libring/src/ring/balanced/balanced.ts'
import { sortMembers } from '../../packages/libring/src/ring/ring-member.ts'
import type { Table } from './ring-laws.ts'

export interface Shape {
  readonly partitions: number
  readonly redundancy: number
  readonly slack: number
  readonly primarySlack: number
  readonly members: readonly { name: string; weight: number; zone: string }[]
}

/** The shape that stands for this seed: 1 to 4,096 partitions, 1 to 150 members, and so on. */
export function randomShape(seed: number): Shape {
  const random = seededRandom(seed, 'ring-laws')
  const count = skewed(random, 150)
  const prefix = pick(random, ['node-', 'ip-10-0-', 'é-', ''])
  const first = below(random, 1_000)
  const weightOf = pick(random, weightings)
  const zones = pick(random, [1, 1, 1, 2, 3, 3, 4, 5, 8])
  const zoneOf = pick(random, [
    (i: number) => i % zones,
    () => below(random, zones),
    () => Math.min(below(random, zones), below(random, zones)),
  ])
  return {
    partitions: skewed(random, 4_096),
    redundancy: 1 + below(random, 5),
    slack: pick(random, [0, 10, 50, 50, 50, 100, below(random, 101)]),
    primarySlack: pick(random, [0, 50, 100, 100, 100, 200]),
    members: Array.from({ length: count }, (_, i) => ({
      name: `${prefix}${first + i}`,
      weight: weightOf(i, random),
      zone: zones === 1 ? '' : `zone-${zoneOf(i)}`,
    })),
  }
}

/** The assignment of a shape, as data, with what it gives for members learned in another way. */
export function tableOf({ members, ...options }: Shape): Table {
  const assignmentOf = (learned: Shape['members']) => assignBalanced(sortMembers(learned), options)
  const assignment = assignmentOf(members)
  const shuffled = [...members]
  shuffle(shuffled, seededRandom(options.partitions, 'learned'))
  const [leaver, ...others] = shuffled
  if (others.length > 0) assignmentOf(others)
  const { forcedReplicas, forcedPrimaries } = assignment
  return {
    ...options,
    members: sortMembers(members),
    rows: rowsOf(assignment),
    forcedReplicas,
    forcedPrimaries,
    rejoinedRows: rowsOf(assignmentOf([...others, leaver!])),
    preferences: [0, options.partitions >> 1, options.partitions - 1].map((partition) => {
      return { partition, list: [...assignment.preferenceOf(partition)] }
    }),
  }
}

function rowsOf({ holders, holdersPerPartition: width, partitions }: Assignment): number[][] {
  return Array.from({ length: partitions }, (_, p) =>
    Array.from(holders.subarray(p * width, (p + 1) * width)),
  )
}

const weightings: ((i: number, random: Random) => number)[] = [
  () => 1,
  () => 1,
  () => 7,
  (i) => 1 + (i % 3),
  (_, random) => 1 + below(random, 100),
  (i) => (i % 2 === 0 ? 16 : 1),
  (i) => (i === 0 ? 50 : 1),
  (i, random) => (i % 4 === 0 ? 65_535 : 1 + below(random, 65_535)),
]

/** 1 to `most`, small numbers as likely as large ones: that is where tables are hard to fill. */
function skewed(random: Random, most: number): number {
  if (below(random, 2) === 0) return 1 + below(random, most)
  return Math.min(most, Math.floor((most + 1) ** fraction(random)))
}

function pick<T>(random: Random, choices: readonly T[]): T {
  return choices[below(random, choices.length)]!
}
