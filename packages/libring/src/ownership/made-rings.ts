import type { ResolvedRingOptions } from '../ring/options.ts'
import { homesAndActing, sameHome, type Home, type HomesAndActing } from './acting.ts'
import { sameClusterMember, type ClusterMember } from './cluster-member.ts'

/** What the rings of a plan are made of. */
export interface RingParts {
  /** Members that can hold something. */
  readonly present: readonly ClusterMember[]
  /** Those that are expected back. */
  readonly away: readonly Home[]
}

/** The rings of a plan, and what they were made of. */
export interface MadeRings extends HomesAndActing, RingParts {}

/**
 * Makes rings of these parts. Where they are those of `before`, in whatever order, it gives back
 * that very object.
 */
export type RingMaker = (
  parts: RingParts,
  options: ResolvedRingOptions,
  before?: MadeRings,
) => MadeRings

export const makeRings: RingMaker = ({ present, away }, options, before) => {
  if (before !== undefined && areMadeOf(before, { present, away })) return before
  return { present, away, ...homesAndActing(present, away, options) }
}

/** Whether the rings are made of these parts, in whatever order. */
export function areMadeOf(rings: MadeRings, { present, away }: RingParts): boolean {
  return (
    sameByName(rings.present, present, sameClusterMember) && sameByName(rings.away, away, sameHome)
  )
}

/** Whether two lists have the same members, in whatever order. */
function sameByName<T extends { readonly name: string }>(
  left: readonly T[],
  right: readonly T[],
  same: (left: T, right: T) => boolean,
): boolean {
  if (left.length !== right.length) return false
  const known = new Map(left.map((item) => [item.name, item]))
  return right.every((item) => {
    const other = known.get(item.name)
    return other !== undefined && same(other, item)
  })
}
