import { OptionError } from '../base/errors.ts'
import { diff, type Move } from './diff.ts'
import { sortMembers, type RingMember } from './ring-member.ts'
import { Ring } from './ring.ts'

/** A change of members to try out. */
export interface RingChange<M extends RingMember = RingMember> {
  /** Members to add. */
  readonly add?: readonly M[]
  /** Names of members to take out. */
  readonly remove?: readonly string[]
  /** Names of members that stay, each with its new weight. */
  readonly reweight?: readonly { readonly name: string; readonly weight: number }[]
}

/** What a change would mean for one member. */
export interface MemberPlan<M extends RingMember = RingMember> {
  /** As it will be; as it was, for one that leaves. */
  readonly member: M
  /** Partitions that it does not hold yet and would have to fetch. */
  readonly partitionsIn: number
  /** Partitions that it holds and would no longer. */
  readonly partitionsOut: number
  /** Partitions that it would become primary of, whether it holds them yet or not. */
  readonly primariesIn: number
  /** Partitions that it would cease to be primary of. */
  readonly primariesOut: number
}

/** What a change of members would do. Nothing has been done. */
export interface Plan<M extends RingMember = RingMember> {
  /** The ring after the change. */
  readonly ring: Ring<M>
  /** Every slot that changes hands, ordered by partition and then by replica. */
  readonly moves: readonly Move<M>[]
  /** All members of before and after, by the order of the bytes of their names. */
  readonly members: readonly MemberPlan<M>[]
}

/**
 * Try out a change of members.
 *
 * @throws {OptionError} for a member that is added twice, or removed or reweighted without
 *   being there.
 */
export function plan<M extends RingMember>(ring: Ring<M>, change: RingChange<M>): Plan<M> {
  const after = new Ring<M>(changedMembers(ring.members, change), ring.options)
  const moves = Object.freeze(diff(ring, after))
  return Object.freeze({ ring: after, moves, members: memberPlans(ring, after, moves) })
}

function changedMembers<M extends RingMember>(
  members: readonly M[],
  { add = [], remove = [], reweight = [] }: RingChange<M>,
): M[] {
  const byName = new Map(members.map((member) => [member.name, member]))
  for (const name of remove) {
    if (!byName.delete(name)) throw new OptionError('remove', 'the name of a member', name)
  }
  for (const { name, weight } of reweight) {
    const member = byName.get(name)
    if (member === undefined) throw new OptionError('reweight', 'the name of a member', name)
    byName.set(name, { ...member, weight })
  }
  return [...byName.values(), ...add]
}

/** Counts of one member while moves are gone through. */
interface Tally {
  partitionsIn: number
  partitionsOut: number
  primariesIn: number
  primariesOut: number
}

function memberPlans<M extends RingMember>(
  before: Ring<M>,
  after: Ring<M>,
  moves: readonly Move<M>[],
): readonly MemberPlan<M>[] {
  const members = new Map([...before.members, ...after.members].map((m) => [m.name, m]))
  const tallies = new Map<string, Tally>()
  for (const name of members.keys()) {
    tallies.set(name, { partitionsIn: 0, partitionsOut: 0, primariesIn: 0, primariesOut: 0 })
  }
  for (let from = 0; from < moves.length;) {
    let to = from
    while (to < moves.length && moves[to]!.partition === moves[from]!.partition) to++
    tallyPartition(moves, from, to, tallies)
    from = to
  }
  const plans = sortMembers([...members.values()]).map((member) =>
    Object.freeze({ member, ...tallies.get(member.name)! }),
  )
  return Object.freeze(plans)
}

/** The moves of one partition: who only changes its replica index neither comes nor goes. */
function tallyPartition(
  moves: readonly Move[],
  start: number,
  end: number,
  tallies: ReadonlyMap<string, Tally>,
): void {
  for (let at = start; at < end; at++) {
    const { replica, from, to } = moves[at]!
    const came = to === undefined ? undefined : tallies.get(to.name)
    const went = from === undefined ? undefined : tallies.get(from.name)
    if (came !== undefined && !isAmong(moves, start, end, 'from', to?.name)) came.partitionsIn++
    if (went !== undefined && !isAmong(moves, start, end, 'to', from?.name)) went.partitionsOut++
    if (replica > 0) continue
    if (came !== undefined) came.primariesIn++
    if (went !== undefined) went.primariesOut++
  }
}

function isAmong(
  moves: readonly Move[],
  start: number,
  end: number,
  side: 'from' | 'to',
  name: string | undefined,
): boolean {
  for (let at = start; at < end; at++) if (moves[at]![side]?.name === name) return true
  return false
}
