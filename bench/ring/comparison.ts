import { shapeText } from './acceptance.ts'
import {
  measureRollingRestart,
  measureSingles,
  type RollingRestart,
  type Singles,
} from './movement.ts'
import { SCHEMES, type Shape } from './schemes.ts'

export interface Compared extends Singles {
  readonly scheme: string
  readonly shape: string
  /** Only where members are few: it takes a table for each of them. */
  readonly rolling: RollingRestart | undefined
}

/** Leaves are by set of names. A rolling restart takes two tables for every member. */
const SHAPES: readonly (Shape & { sets: number; leaves: number; rolling: number })[] = [
  { partitions: 512, members: 10, redundancy: 3, sets: 30, leaves: 6, rolling: 30 },
  { partitions: 2_056, members: 50, redundancy: 2, sets: 30, leaves: 6, rolling: 6 },
  { partitions: 16_384, members: 100, redundancy: 3, sets: 30, leaves: 2, rolling: 0 },
  { partitions: 16_384, members: 1_000, redundancy: 3, sets: 30, leaves: 2, rolling: 0 },
]

/** All schemes side by side, over the same names. */
export function compareSchemes(): Compared[] {
  return SHAPES.flatMap(({ sets, leaves, rolling, ...shape }) =>
    SCHEMES.map((scheme) => ({
      scheme: scheme.name,
      shape: shapeText(shape),
      ...measureSingles(scheme, shape, sets, leaves),
      rolling: rolling === 0 ? undefined : measureRollingRestart(scheme, shape, rolling),
    })),
  )
}
