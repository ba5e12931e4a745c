import { invariant } from '../base/errors.ts'
import { VACANT, type Assignment } from './assignment.ts'
import type { RingMember } from './ring-member.ts'
import type { Ring } from './ring.ts'

/** One slot of one partition changing hands. `undefined` means nobody. */
export interface Move<M extends RingMember = RingMember> {
  readonly partition: number
  /** 0 is the primary. */
  readonly replica: number
  /** As the earlier ring knew it. */
  readonly from: M | undefined
  /** As the later ring knows it. */
  readonly to: M | undefined
}

/**
 * Every slot whose holder has another name, ordered by partition and then by replica. Members
 * are compared by name only: a change of weight, zone or anything else is no move in itself.
 */
export function diff<M extends RingMember>(before: Ring<M>, after: Ring<M>): Move<M>[] {
  invariant(
    before.options.partitions === after.options.partitions,
    'the partition count is fixed for the life of a cluster',
  )
  const indexAfter = indexesIn(after, before)
  const old = before.assignment
  const now = after.assignment
  const replicas = Math.max(old.holdersPerPartition, now.holdersPerPartition)
  const moves: Move<M>[] = []
  for (let partition = 0; partition < old.partitions; partition++) {
    for (let replica = 0; replica < replicas; replica++) {
      const from = indexAt(old, partition, replica)
      const to = indexAt(now, partition, replica)
      if (from === undefined ? to === undefined : indexAfter[from] === to) continue
      moves.push({
        partition,
        replica,
        from: from === undefined ? undefined : before.members[from],
        to: to === undefined ? undefined : after.members[to],
      })
    }
  }
  return moves
}

/** Index of the member that holds the slot, or `undefined` where nobody does. */
function indexAt(assignment: Assignment, partition: number, replica: number): number | undefined {
  const { holders, holdersPerPartition } = assignment
  if (replica >= holdersPerPartition) return undefined
  const index = holders[partition * holdersPerPartition + replica]
  return index === VACANT ? undefined : index
}

/** For each member of `before` its index in `after`; -1 for one that is gone. */
function indexesIn(after: Ring, before: Ring): Int32Array {
  const index = new Map(after.members.map(({ name }, i) => [name, i]))
  return Int32Array.from(before.members, ({ name }) => index.get(name) ?? -1)
}
