import type { MemberEvent } from '../base/member.ts'

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
}
