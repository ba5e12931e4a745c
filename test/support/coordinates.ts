import type { Coordinate } from '../../packages/libring/src/serf/coordinate.ts'
import { serfVectors } from './vectors.ts'

/** A coordinate as the vectors write it. */
export interface CoordinateVector {
  readonly Vec: readonly number[]
  readonly Error: number
  readonly Adjustment: number
  readonly Height: number
}

/** test/vectors/serf/vivaldi.json. */
export interface VivaldiVectors {
  readonly start: CoordinateVector
  readonly others: Readonly<Record<string, CoordinateVector>>
  readonly steps: readonly {
    readonly node: string
    readonly rttNs: number
    readonly result: CoordinateVector
  }[]
  readonly rejections: readonly {
    readonly name: string
    readonly rttNs: number
    readonly error: string
  }[]
  readonly distances: readonly {
    readonly a: CoordinateVector
    readonly b: CoordinateVector
    readonly ns: number
  }[]
}

export const vivaldi: VivaldiVectors = serfVectors('vivaldi.json')

export function coordinateOf(vector: CoordinateVector): Coordinate {
  const { Vec: vec, Error: error, Adjustment: adjustment, Height: height } = vector
  return { vec, error, adjustment, height }
}

/** A coordinate of plain values, one or the other of them replaced. */
export function coordinate(changes: Partial<Coordinate> = {}): Coordinate {
  return {
    vec: [0.05, 0.01, -0.02, 0, 0, 0.003, 0, 0],
    error: 0.5,
    adjustment: 0.0001,
    height: 0.0005,
    ...changes,
  }
}
