import { Capacity } from '../../packages/libring/src/ring/balanced/capacity.ts'
import {
  permutationKeys,
  Permutations,
} from '../../packages/libring/src/ring/balanced/permutation.ts'
import { Placement } from '../../packages/libring/src/ring/balanced/placement.ts'
import { RankClock } from '../../packages/libring/src/ring/balanced/rank-clock.ts'

export interface MatchingShape {
  readonly partitions: number
  readonly width: number
  readonly weights: readonly number[]
  readonly capacities: readonly number[]
  readonly permits?: number
}

export interface MatchingParts {
  readonly placement: Placement
  readonly clock: RankClock
  readonly capacity: Capacity
}

/** The parts of a table to be filled, with capacities as given and one pool of permits. */
export function matchingParts(shape: MatchingShape): MatchingParts {
  const { partitions, width, weights, capacities, permits } = shape
  const keys = weights.map((_, i) => permutationKeys(`node-${i}`))
  return {
    placement: new Placement(partitions, width),
    clock: new RankClock(new Permutations(partitions, keys), Uint32Array.from(weights)),
    capacity: new Capacity(
      Uint32Array.from(capacities),
      new Uint32Array(weights.length).fill(partitions),
      new Uint16Array(weights.length),
      Uint32Array.of(permits ?? 0),
    ),
  }
}

/** The holders that a partition has so far. */
export function holdersOf({ holders, counts, width }: Placement, partition: number): number[] {
  const from = partition * width
  return Array.from(holders.subarray(from, from + counts[partition]!))
}

export function rowsOf(placement: Placement): number[][] {
  return Array.from({ length: placement.partitions }, (_, p) => holdersOf(placement, p))
}
