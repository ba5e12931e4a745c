/**
 * The tag by which a member shows that it runs libring and not a plain agent. What it holds is
 * the matter of whoever sets it; to be spoken to over the peer channel, bearing it is enough.
 */
export const LIBRING_TAG = 'libring'

/** What Serf shows of a member. `failed` went silent; `left` said so. */
export type MemberStatus = 'alive' | 'leaving' | 'left' | 'failed'

/** A participant as others see it. Never changes: an update is a new object. */
export interface Member {
  /** Unique in the cluster. */
  readonly name: string
  /** IP address it advertises, as text. */
  readonly host: string
  /** Gossip port. */
  readonly port: number
  readonly tags: Readonly<Record<string, string>>
  readonly status: MemberStatus
}

/** What befalls members, as Serf names it. */
export const MEMBER_EVENT_TYPES = [
  'member-join',
  'member-leave',
  'member-failed',
  'member-update',
  'member-reap',
] as const

export type MemberEventType = (typeof MEMBER_EVENT_TYPES)[number]

/** One change of membership, as Serf names it. */
export interface MemberEvent {
  readonly type: MemberEventType
  /** The members concerned, as they are after the change. */
  readonly members: readonly Member[]
}
