import type { MemberEvent } from '../base/member.ts'
import type { Ring } from '../ring/ring.ts'
import type { Home } from './acting.ts'
import type { ClusterMember } from './cluster-member.ts'
import type { OwnershipEvent } from './event.ts'
import type { Disagreement } from './agreement.ts'
import type { PeerMessage } from './messages.ts'
import type { RingConfiguration, RingTag } from './ring-tag.ts'

/** What a member is to the ring now, as far as its status and its tags go. */
export interface Candidacy {
  readonly name: string
  /** Its record, or `undefined` when it does not take part. */
  readonly member: ClusterMember | undefined
  /**
   * Its record when it is there and takes no part, but may still hold something. Whoever takes a
   * partition asks it too.
   */
  readonly bystander?: ClusterMember | undefined
  /** What it says of the ring; `undefined` of a plain agent, and of Go libring. */
  readonly tag?: RingTag | undefined
  /** Set of a member that is not there, or says that it is about to go and to return. */
  readonly absence?: Absence | undefined
}

/** How a member went. */
export interface Absence {
  /** At which it did. */
  readonly incarnation: number
  /** Itself, where it may come back to what it had; `undefined` where it left for good. */
  readonly home: Home | undefined
}

/** All that ownership can be told. Anything before `start` or after `stop` is ignored. */
export type OwnershipInput =
  | {
      readonly type: 'start'
      /** Of everybody who is known by now. */
      readonly candidacies: readonly Candidacy[]
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
  /** What another member says by the peer channel. Any delay, loss or repetition will do. */
  | { readonly type: 'peer-message'; readonly from: string; readonly message: PeerMessage }
  /**
   * The `exchange` with that member has come to its end. `done`: the two have told each other which
   * members they see, and whom the local one learned of by that has been told here.
   */
  | { readonly type: 'exchanged'; readonly with: string; readonly outcome: 'done' | 'failed' }
  | {
      /** Whoever deals with steps of this partition is done with all of them up to `seq`. */
      readonly type: 'handler-settled'
      readonly partition: number
      readonly seq: number
      /** What is left to the successor, at most 1 MiB; more counts as none. */
      readonly state?: Uint8Array | undefined
    }
  /**
   * Nobody works for index 0 of this partition any more, which the step `seq` gave up, though
   * handlers are not done with every step up to it.
   */
  | { readonly type: 'let-go'; readonly partition: number; readonly seq: number }
  /**
   * The process was stopped for so long that others may have what the local member holds. Nothing
   * is decided, sent or told until it is known how things stand.
   */
  | { readonly type: 'stalled' }
  /** Another member answered to the `contact` of that number. */
  | { readonly type: 'contacted'; readonly doubt: number }
  /** Let everything go, for good. Questions of others are still answered. */
  | { readonly type: 'stop' }

/** Who forms the ring and who holds what, as the local member sees it. Swapped whole. */
export interface View {
  /** Number of the view, growing by one. Local: two members cannot compare theirs. */
  readonly epoch: number
  /** Of those that are there. */
  readonly ring: Ring<ClusterMember>
  /** Of those that are away for a while as well; the same one while nobody is. */
  readonly homes: Ring<Home>
  /** The changes of membership that led from the view before to this one. */
  readonly cause: readonly MemberEvent[]
  /**
   * The configuration that formed the ring, when that of the local member is another: then the
   * ring is empty here, and the local member holds nothing.
   */
  readonly lostTo: RingConfiguration | undefined
}

/** Something about a hand-off that somebody should look at. Each is counted, too. */
export type HandoffReport =
  | {
      /**
       * Partitions were taken though `member` had not said that it let them go: it said nothing
       * at all for `handoffTimeoutMs`, or it was taking them as well and its name is greater.
       */
      readonly kind: 'silent' | 'deadlock'
      readonly member: string
      readonly partitions: readonly number[]
    }
  | {
      /** The local member is to take these and cannot yet, and nobody is known to hold them. */
      readonly kind: 'orphan'
      readonly partitions: readonly number[]
    }
  | {
      /** `member` held what the local member held; whoever has the lower token lets go. */
      readonly kind: 'double-holder'
      readonly member: string
      readonly partitions: readonly number[]
      readonly yields: 'local' | 'member'
    }

/** All that ownership can ask for or tell. A view comes before the steps that it leads to. */
export type OwnershipEffect =
  | { readonly type: 'view'; readonly view: View }
  /** The rings of the view told last, with what their members say of themselves by now. */
  | ({ readonly type: 'records' } & Pick<View, 'ring' | 'homes'>)
  | { readonly type: 'step'; readonly event: OwnershipEvent }
  /** Send this to `to` by the peer channel, if it can be. Nothing is lost if it cannot. */
  | { readonly type: 'peer-message'; readonly to: string; readonly message: PeerMessage }
  /**
   * Exchange members with `with`, both ways, beginning now or later, and say `exchanged` once that
   * has come to its end, one way or the other. Until then there is no other one with that member.
   */
  | { readonly type: 'exchange'; readonly with: string }
  /** Exchange members with any other member, and say `contacted` once that is done. */
  | { readonly type: 'contact'; readonly doubt: number }
  /** It is known again how things stand; what follows is told to everybody, as before the stall. */
  | { readonly type: 'certain' }
  | { readonly type: 'report'; readonly report: HandoffReport }
  /** Members differ in these fields; told whenever that changes, and with none once all agree. */
  | { readonly type: 'disagreement'; readonly fields: readonly Disagreement[] }
  /** `minMembers` has been reached, here or by somebody else. Told once. */
  | { readonly type: 'formed' }
  /** Nothing is held any more, being taken or being let go. Told each time that comes to be so. */
  | { readonly type: 'emptied' }
