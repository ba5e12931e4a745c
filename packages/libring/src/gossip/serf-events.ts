import type { Address } from '../base/address.ts'
import type { MemberEvent } from '../base/member.ts'
import type { ReceivedQuery } from './queries.ts'

/** A message for everybody, which members tell of once. */
export interface UserEvent {
  readonly name: string
  /** The listener's own copy. */
  readonly payload: Uint8Array
  /** Lamport time: of two events of one member the later one has the higher. */
  readonly ltime: bigint
  /** Whether a newer event of this name makes this one superfluous. */
  readonly coalesce: boolean
}

/** Two members bear one name. */
export interface NameConflict {
  readonly name: string
  /** Where this node knows it. */
  readonly known: Address
  /** Where it is claimed from as well. */
  readonly claimed: Address
}

/** The other members know the name of this node as that of another. */
export interface NameLost {
  /** How many of them answered. */
  readonly votes: number
  /** How many of those know this node by the name. */
  readonly forUs: number
}

/** A try to find the cluster found nobody. */
export interface BootstrapFailed {
  /** How many of them did so since somebody else was present, one after the other. */
  readonly tries: number
}

/** What a node tells, by type. */
export interface SerfEvents {
  /** A member is there that was not before. */
  readonly 'member-join': MemberEvent
  /** A member said farewell, or somebody said on its behalf that it has left. */
  readonly 'member-leave': MemberEvent
  /** A member fell silent. */
  readonly 'member-failed': MemberEvent
  /** A member has other tags, another address, or no longer leaves. */
  readonly 'member-update': MemberEvent
  /** A member that was gone is forgotten. */
  readonly 'member-reap': MemberEvent
  /** Somebody, perhaps this node, told everybody of something. */
  readonly 'user-event': UserEvent
  /** Somebody, perhaps this node, asks something. Every member that is meant may answer. */
  readonly query: ReceivedQuery
  /** Another member claims a name that is taken. The same claim is told once a minute, 64 of all. */
  readonly 'name-conflict': NameConflict
  /** The vote on the name of this node was lost: it stops without a farewell. */
  readonly 'name-lost': NameLost
  /** A member had keys installed, used or removed here. These are the keys now, the primary first. */
  readonly 'keys-changed': readonly Uint8Array[]
  /** None of the bootstrap hosts answered, nor anybody of the snapshot. The node tries on. */
  readonly 'bootstrap-failed': BootstrapFailed
}
