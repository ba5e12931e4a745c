import type { Home } from '../ownership/acting.ts'
import type { ClusterMember } from '../ownership/cluster-member.ts'
import type { Ring } from '../ring/ring.ts'

/** What lookups read: the ring as it is seen now, swapped whole. */
export interface RingInSight {
  readonly ring: Ring<ClusterMember>
  /** Of those that are away for a while as well. */
  readonly homes: Ring<Home>
  /** Fields of our configuration that lost, as `name ours, theirs`; `undefined` while it holds. */
  readonly lost: readonly string[] | undefined
}
