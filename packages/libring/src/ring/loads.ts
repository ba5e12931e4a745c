import { VACANT, type Assignment } from './assignment.ts'
import { weightOf, zoneOf, type RingMember } from './ring-member.ts'

/** What one member holds. */
export interface MemberLoad<M extends RingMember = RingMember> {
  readonly member: M
  /** Partitions held at any replica index. */
  readonly replicas: number
  /** Partitions held at index 0. */
  readonly primaries: number
}

/** What the members of one zone hold together. */
export interface ZoneLoad {
  readonly zone: string
  readonly members: number
  /** Sum of the weights of its members. */
  readonly weight: number
  readonly replicas: number
  readonly primaries: number
}

/** One entry per member, in the order of `members`. */
export function memberLoads<M extends RingMember>(
  members: readonly M[],
  assignment: Assignment,
): readonly MemberLoad<M>[] {
  const replicas = new Uint32Array(members.length)
  const primaries = new Uint32Array(members.length)
  const { holders, holdersPerPartition } = assignment
  for (let at = 0; at < holders.length; at++) {
    if (holders[at] === VACANT) continue
    replicas[holders[at]!]!++
    if (at % holdersPerPartition === 0) primaries[holders[at]!]!++
  }
  const loads = members.map((member, i) =>
    Object.freeze({ member, replicas: replicas[i]!, primaries: primaries[i]! }),
  )
  return Object.freeze(loads)
}

/** One entry per zone, in the order of the bytes of the first member's name. */
export function zoneLoads(loads: readonly MemberLoad[]): readonly ZoneLoad[] {
  const zones = new Map<string, ZoneLoad>()
  for (const { member, replicas, primaries } of loads) {
    const zone = zoneOf(member)
    const sum = zones.get(zone)
    zones.set(zone, {
      zone,
      members: (sum?.members ?? 0) + 1,
      weight: (sum?.weight ?? 0) + weightOf(member),
      replicas: (sum?.replicas ?? 0) + replicas,
      primaries: (sum?.primaries ?? 0) + primaries,
    })
  }
  return Object.freeze([...zones.values()].map((load) => Object.freeze(load)))
}
