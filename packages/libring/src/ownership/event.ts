import { invariant } from '../base/errors.ts'
import type { MemberEvent } from '../base/member.ts'
import type { ClusterMember } from './cluster-member.ts'
import type { Token } from './token.ts'

/** What every step of ownership carries. */
interface Step {
  /**
   * Number of the step, growing by one with every step of the local member. Where several steps
   * were folded into one it is the number of the last, so it still grows from event to event.
   */
  readonly seq: number
  /** The partition concerned, from 0. */
  readonly partition: number
  /** The changes of membership that led to the step; of the last one, where steps were folded. */
  readonly cause: readonly MemberEvent[]
}

/** What comes with taking index 0, and with no other. */
interface Tenancy {
  /**
   * Fencing token of this holding of index 0: below 2^63, above those of all holdings before it.
   * Stores that keep the highest one seen can refuse whoever comes late.
   */
  readonly token?: Token | undefined
  /** What the holder before left behind, if it did. */
  readonly state?: Uint8Array | undefined
}

/** The local member takes a partition of which it held nothing. */
export interface AcquireEvent extends Step, Tenancy {
  readonly type: 'acquire'
  /** The index it takes: 0 is the primary. */
  readonly replica: number
  /** Who held that index before; `undefined` when nobody did. */
  readonly from: ClusterMember | undefined
}

/** The local member lets a partition go altogether. */
export interface ReleaseEvent extends Step {
  readonly type: 'release'
  /** The index it held. */
  readonly replica: number
  /** Who takes that index; `undefined` when nobody does. */
  readonly to: ClusterMember | undefined
}

/** The local member keeps a partition under another index: its data is here already. */
export interface ChangeEvent extends Step, Tenancy {
  readonly type: 'change'
  /** The index it takes. */
  readonly replica: number
  /** The index it held until now. */
  readonly previousReplica: number
  /** Who held `replica` before; `undefined` when nobody did. */
  readonly from: ClusterMember | undefined
  /** Who takes `previousReplica`; `undefined` when nobody does. */
  readonly to: ClusterMember | undefined
}

/** One step of what the local member holds. Applied in order, the steps give its roles. */
export type OwnershipEvent = AcquireEvent | ReleaseEvent | ChangeEvent

export type OwnershipEventType = OwnershipEvent['type']

/** The replica index held after `event`, or `undefined` for none. */
export function roleAfter(event: OwnershipEvent): number | undefined {
  return event.type === 'release' ? undefined : event.replica
}

/** The replica index held before `event`, or `undefined` for none. */
export function roleBefore(event: OwnershipEvent): number | undefined {
  switch (event.type) {
    case 'acquire':
      return undefined
    case 'release':
      return event.replica
    case 'change':
      return event.previousReplica
  }
}

/**
 * Two steps of one partition, the second right after the first, as one: the same role before and
 * the same role after. `undefined` when the two cancel out.
 *
 * `from` is who held the new index before the later step, and `to` who took the old one in the
 * earlier step. What happened to the old index since then, the two steps do not say.
 */
export function foldEvents(
  earlier: OwnershipEvent,
  later: OwnershipEvent,
): OwnershipEvent | undefined {
  invariant(earlier.partition === later.partition, 'only steps of one partition fold')
  invariant(roleAfter(earlier) === roleBefore(later), 'a step begins where the one before ended')
  const { seq, partition, cause } = later

  if (earlier.type === 'acquire') {
    if (later.type === 'release') return undefined
    invariant(later.type === 'change', 'a partition is not acquired twice')
    const { replica, from } = later
    return { type: 'acquire', seq, partition, replica, from, cause, ...tenancyOf(later) }
  }

  const previousReplica = earlier.type === 'release' ? earlier.replica : earlier.previousReplica
  const { to } = earlier
  if (later.type === 'release') {
    return { type: 'release', seq, partition, replica: previousReplica, to, cause }
  }
  const { replica, from } = later
  if (replica === previousReplica) return undefined
  const tenancy = tenancyOf(later)
  return { type: 'change', seq, partition, replica, previousReplica, from, to, cause, ...tenancy }
}

function tenancyOf({ token, state }: Tenancy): Tenancy {
  return { ...(token === undefined ? {} : { token }), ...(state === undefined ? {} : { state }) }
}
