import type { Shape } from './schemes.ts'

/** What the balanced assignment has to keep to, at one size. */
export interface Target extends Shape {
  /** Of every set of names. */
  readonly maxLoad: number
  readonly maxPrimary: number
  /** Mean of joins, and of leaves. */
  readonly move: number
  /** Any one join or leave. */
  readonly worstMove: number
  readonly held: number
  readonly stay: number
  /** Over a walk of joins and leaves up to this many members and back. */
  readonly walk?: { readonly from: number; readonly to: number; readonly most: number }
  /** A tenth of the members at once. */
  readonly tenth?: number
  /** Mean of joins, and of leaves, without slack. */
  readonly moveWithoutSlack?: number
}

const target = (
  shape: readonly [number, number, number],
  limits: readonly [number, number, number, number, number, number],
  more: Pick<Target, 'walk' | 'tenth' | 'moveWithoutSlack'> = {},
): Target => {
  const [partitions, members, redundancy] = shape
  const [maxLoad, maxPrimary, move, worstMove, held, stay] = limits
  return {
    partitions,
    members,
    redundancy,
    maxLoad,
    maxPrimary,
    move,
    worstMove,
    held,
    stay,
    ...more,
  }
}

export const TARGETS: readonly Target[] = [
  target([512, 3, 3], [1, 1.1, 1.02, 1.05, 1, 0.999]),
  target([512, 10, 3], [1.056, 1.114, 1.04, 1.16, 0.99, 0.994], {
    tenth: 1.08,
    moveWithoutSlack: 1.16,
  }),
  target([2_056, 5, 2], [1.051, 1.1, 1.02, 1.08, 0.995, 0.998]),
  target([2_056, 50, 2], [1.059, 1.12, 1.2, 1.4, 0.95, 0.992], {
    tenth: 1.1,
    moveWithoutSlack: 1.65,
  }),
  target([2_056, 200, 3], [1.071, 1.17, 2.05, 2.8, 0.95, 0.985], {
    walk: { from: 185, to: 215, most: 1.75 },
    tenth: 1.16,
    moveWithoutSlack: 2.75,
  }),
  target([16_384, 100, 3], [1.053, 1.106, 1.03, 1.1, 0.995, 0.998], {
    tenth: 1.03,
    moveWithoutSlack: 1.42,
  }),
  target([16_384, 1_000, 3], [1.058, 1.161, 1.45, 2.9, 0.945, 0.996], {
    walk: { from: 985, to: 1_030, most: 1.8 },
    tenth: 1.12,
  }),
]

/** As many equal zones as holders: zones by members in each. */
export const ZONE_SHAPES: readonly { zones: number; perZone: number; partitions: number }[] = [
  { zones: 3, perZone: 3, partitions: 2_056 },
  { zones: 3, perZone: 10, partitions: 2_056 },
]

export const ZONE_TARGET = { move: 1.06, held: 0.65 } as const
