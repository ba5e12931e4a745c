import type { ResolvedRingOptions } from '../ring/options.ts'
import { homesAndActing, sameHome, withRecords, type Home, type HomesAndActing } from './acting.ts'
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
  if (before === undefined || !haveHomes(before, { present, away })) {
    return { present, away, ...homesAndActing(present, away, options) }
  }
  if (sameByName(before.present, present, sameClusterMember)) return before
  return { present, away, ...withRecords(before, present) }
}

/** Whether members hold the same in both, whatever their records say besides. */
export function holdTheSame(left: MadeRings, right: MadeRings): boolean {
  const { homes, acting } = right
  if (left.homes.assignment === homes.assignment && left.acting.assignment === acting.assignment) {
    return true
  }
  return haveHomes(left, right)
}

function haveHomes(rings: MadeRings, { present, away }: RingParts): boolean {
  return sameByName(rings.present, present, sameHome) && sameByName(rings.away, away, sameHome)
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
