import type { MemberEvent } from '../base/member.ts'
import type { Ring } from '../ring/ring.ts'
import type { ClusterMember } from './cluster-member.ts'
import type { OwnershipEvent } from './event.ts'

/** What a member is to the ring now: its record, or `undefined` when it does not take part. */
export interface Candidacy {
  readonly name: string
  readonly member: ClusterMember | undefined
}

/** All that ownership can be told. Anything before `start` or after `stop` is ignored. */
export type OwnershipInput =
  | {
      readonly type: 'start'
      /** Everybody who takes part in the ring by now. */
      readonly candidates: readonly ClusterMember[]
      /** Whether there is anybody to wait for before deciding alone. */
      readonly othersExpected: boolean
      /** Whether a member other than the local one has been seen already. */
      readonly othersSeen: boolean
    }
  | {
      readonly type: 'members'
      readonly event: MemberEvent
      /** What the members of the event are to the ring since then. */
      readonly candidacies: readonly Candidacy[]
    }
  /** Let everything go, for good. */
  | { readonly type: 'stop' }

/** Who forms the ring and who holds what, as the local member sees it. Swapped whole. */
export interface View {
  /** Number of the view, growing by one. Local: two members cannot compare theirs. */
  readonly epoch: number
  readonly ring: Ring<ClusterMember>
  /** The changes of membership that led from the view before to this one. */
  readonly cause: readonly MemberEvent[]
}

/** All that ownership can ask for or tell. A view comes before the steps that it leads to. */
export type OwnershipEffect =
  | { readonly type: 'view'; readonly view: View }
  | { readonly type: 'step'; readonly event: OwnershipEvent }
