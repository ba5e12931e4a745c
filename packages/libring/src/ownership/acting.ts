import { compareUtf8 } from '../base/bytes.ts'
import { VACANT, type Assignment } from '../ring/assignment.ts'
import type { ResolvedRingOptions } from '../ring/options.ts'
import { MEMBERS_MAX, type RingMember } from '../ring/ring-member.ts'
import { Ring } from '../ring/ring.ts'
import type { ClusterMember } from './cluster-member.ts'

/** Whoever partitions are assigned to: a member that is there, or one that is away for a while. */
export type Home = Pick<ClusterMember, 'name' | 'weight' | 'zone'>

/** Whether a member is as much of a home as it was. */
export function sameHome(left: Home, right: Home): boolean {
  return left.weight === right.weight && left.zone === right.zone
}

/** Who holds what, and who is to. One and the same ring while nobody is away. */
export interface HomesAndActing {
  /** Of everybody, those that are away included. */
  readonly homes: Ring<Home>
  /**
   * Of those that are there. Each keeps the index that it has at home; where the first home is
   * away, the first of the preference list that is there acts for it at index 0. All else that
   * was left is vacant.
   */
  readonly acting: Ring<ClusterMember>
}

/**
 * @param present members that can hold something.
 * @param away those that are expected back, in any order. Who is among the present ones too is
 *   back; where there would be more than a ring can have, the last by name have no home.
 */
export function homesAndActing(
  present: readonly ClusterMember[],
  away: readonly Home[],
  options: ResolvedRingOptions,
): HomesAndActing {
  const here = new Set(present.map(({ name }) => name))
  const absent = away
    .filter(({ name }) => !here.has(name))
    .sort((left, right) => compareUtf8(left.name, right.name))
    .slice(0, Math.max(0, MEMBERS_MAX - present.length))
  if (absent.length === 0) {
    const ring = new Ring<ClusterMember>(present, options)
    return { homes: ring, acting: ring }
  }
  const homes = new Ring<Home>([...present, ...absent], options)
  const assigner = (members: readonly RingMember[]): Assignment => actingFor(homes, members)
  return { homes, acting: new Ring<ClusterMember>(present, options, assigner) }
}

/**
 * The same members holding the same, with their records as they are now.
 *
 * @param present exactly those that are there in `rings`, with their weights and zones.
 */
export function withRecords(
  { homes, acting }: HomesAndActing,
  present: readonly ClusterMember[],
): HomesAndActing {
  const renewed = new Ring<ClusterMember>(present, acting.options, () => acting.assignment)
  if (homes === acting) return { homes: renewed, acting: renewed }
  const records = new Map(present.map((member) => [member.name, member]))
  const members = homes.members.map((home) => records.get(home.name) ?? home)
  return {
    homes: new Ring<Home>(members, homes.options, () => homes.assignment),
    acting: renewed,
  }
}

/** @param members those of the homes that are there, in the order of the bytes of their names. */
function actingFor(homes: Ring<Home>, members: readonly RingMember[]): Assignment {
  const { partitions, holdersPerPartition, holders } = homes.assignment
  const indexOf = new Map(members.map(({ name }, index) => [name, index]))
  /** For each of the homes its index among `members`, or vacant for one that is away. */
  const present = Uint16Array.from(homes.members, ({ name }) => indexOf.get(name) ?? VACANT)
  const preference = (partition: number): Uint16Array => {
    const indexes = homes.assignment.preferenceOf(partition).map((home) => present[home]!)
    return indexes.filter((index) => index !== VACANT)
  }
  const acting = holders.map((home) => present[home]!)
  for (let partition = 0; partition < partitions; partition++) {
    const from = partition * holdersPerPartition
    const row = acting.subarray(from, from + holdersPerPartition)
    if (row[0] !== VACANT) continue
    const first = row.findIndex((index) => index !== VACANT)
    // Listing everybody costs more than a glance at the row, and homes come first in the list.
    row[0] = first < 0 ? (preference(partition)[0] ?? VACANT) : row[first]!
    if (first > 0) row[first] = VACANT
  }
  return { partitions, holdersPerPartition, holders: acting, preferenceOf: preference }
}
