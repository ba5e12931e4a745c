import { compareUtf8 } from '../../base/bytes.ts'
import type { Assignment } from '../assignment.ts'
import { weightOf, zoneOf, type RingMember } from '../ring-member.ts'
import { Capacity } from './capacity.ts'
import { matchByRank } from './matching.ts'
import { permutationKeys, Permutations } from './permutation.ts'
import { Placement } from './placement.ts'
import { choosePrimaries } from './primaries.ts'
import { askKey, memberIn, RankClock } from './rank-clock.ts'
import { repair } from './repair.ts'
import { fillShares } from './shares.ts'
import { ZoneRule } from './zone-rule.ts'
import { planZones, type ZonePlan } from './zones.ts'

/** What the assignment reads besides the members. */
export interface BalancedOptions {
  readonly partitions: number
  readonly redundancy: number
  /** How far over its fair share a member may be filled, in permille. */
  readonly slack: number
  /** The same for primaries. */
  readonly primarySlack: number
}

/** An assignment, and where it had to go beyond the slacks. */
export interface BalancedAssignment extends Assignment {
  /** Slots given to a member without room, since no exchange led to one with room. */
  readonly forcedReplicas: number
  /** Likewise primaries. */
  readonly forcedPrimaries: number
}

/**
 * Capped rank matching: every member asks for the partitions in an order of its own, a partition
 * takes the first that ask, and nobody takes much more than its fair share. A function of the
 * set of members and the options alone; only whole numbers are computed with.
 *
 * docs/concepts/partitions.md tells it in words.
 *
 * @param members in the order of the bytes of their names.
 */
export function assignBalanced(
  members: readonly RingMember[],
  options: BalancedOptions,
): BalancedAssignment {
  const { partitions, slack, primarySlack } = options
  const width = Math.min(options.redundancy, members.length)
  const keys = members.map(({ name }) => permutationKeys(name))
  const order = [...members.keys()].sort(
    (left, right) => (keys[left]![6]! >>> 0) - (keys[right]![6]! >>> 0) || left - right,
  )
  const sorted = order.map((index) => members[index]!)
  const weights = Uint32Array.from(sorted, weightOf)
  const permutations = new Permutations(
    partitions,
    order.map((index) => keys[index]!),
  )
  const clock = new RankClock(permutations, weights)
  const placement = new Placement(partitions, width)

  const groups = groupByZone(sorted)
  const plan = planZones(zoneSizes(groups, weights), partitions, width, slack)
  const capacity = replicaCapacity(groups, plan, weights, partitions, slack)
  const zones =
    groups.length > 1 ? new ZoneRule(plan, poolsOf(groups, sorted.length), placement) : undefined
  matchByRank(placement, clock, capacity, zones)
  repair(placement, clock, capacity, zones)
  const primaries = primaryCapacity(capacity, weights, partitions, primarySlack)
  if (width > 1) choosePrimaries(placement, clock, primaries)
  return {
    ...toAssignment(placement, clock, Uint16Array.from(order)),
    forcedReplicas: capacity.forced,
    forcedPrimaries: primaries.forced,
  }
}

/** Member indexes by zone, zones in the order of the bytes of their labels. */
function groupByZone(members: readonly RingMember[]): readonly (readonly number[])[] {
  const groups = new Map<string, number[]>()
  for (const [i, member] of members.entries()) {
    const group = groups.get(zoneOf(member))
    if (group === undefined) groups.set(zoneOf(member), [i])
    else group.push(i)
  }
  return [...groups].sort(([left], [right]) => compareUtf8(left, right)).map(([, group]) => group)
}

function zoneSizes(groups: readonly (readonly number[])[], weights: Uint32Array) {
  return groups.map((group) => ({
    members: group.length,
    weight: group.reduce((sum, i) => sum + weights[i]!, 0),
  }))
}

/** For each member the number of its group. */
function poolsOf(groups: readonly (readonly number[])[], members: number): Uint16Array {
  const pools = new Uint16Array(members)
  for (const [pool, group] of groups.entries()) for (const i of group) pools[i] = pool
  return pools
}

function replicaCapacity(
  groups: readonly (readonly number[])[],
  plan: ZonePlan,
  weights: Uint32Array,
  partitions: number,
  slack: number,
): Capacity {
  const capacities = new Uint32Array(weights.length)
  const limits = new Uint32Array(weights.length).fill(partitions)
  const permits = Uint32Array.from(groups, (group, z) =>
    fillShares(plan.totals[z]!, group, weights, limits, slack, capacities),
  )
  return new Capacity(capacities, limits, poolsOf(groups, weights.length), permits)
}

/** A member can be primary of what it holds, and of nothing else. */
function primaryCapacity(
  replicas: Capacity,
  weights: Uint32Array,
  partitions: number,
  primarySlack: number,
): Capacity {
  const members = weights.length
  const capacities = new Uint32Array(members)
  const limits = replicas.loads
  const everyone = [...weights.keys()]
  const permits = fillShares(partitions, everyone, weights, limits, primarySlack, capacities)
  return new Capacity(capacities, limits, new Uint16Array(members), Uint32Array.of(permits))
}

/**
 * The placement's own table, turned into indexes of the ring. Nothing reads it after this.
 *
 * @param order for each member of the placement its index in the ring.
 */
function toAssignment(placement: Placement, clock: RankClock, order: Uint16Array): Assignment {
  const { partitions, width } = placement
  const { holders } = placement
  for (let at = 0; at < holders.length; at++) holders[at] = order[holders[at]!]!
  const preferenceOf = (partition: number): Uint16Array => {
    const row = holders.subarray(partition * width, (partition + 1) * width)
    const keys = Float64Array.from(order, (_, member) =>
      askKey(clock.tickAt(member, partition), member),
    )
    const others = Uint16Array.from(keys.sort(), (key) => order[memberIn(key)]!)
    const preference = new Uint16Array(order.length)
    preference.set(row)
    preference.set(
      others.filter((index) => !row.includes(index)),
      width,
    )
    return preference
  }
  return { partitions, holdersPerPartition: width, holders, preferenceOf }
}
