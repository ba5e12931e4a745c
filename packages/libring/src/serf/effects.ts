import type { JoinAttempt } from '../base/errors.ts'
import type { MemberEvent } from '../base/member.ts'
import type { SnapshotClock } from './snapshot-lines.ts'
import type { SwimEffect, SwimInput } from '../swim/effects.ts'
import type { UserEvent, UserEventContent } from './messages.ts'

/** All that Serf can be told: what SWIM is told, with Serf's own words for tags and farewells. */
export type SerfInput =
  | Exclude<SwimInput, { type: 'meta' | 'announce' | 'leave' | 'join' | 'sync' }>
  | JoinInput
  /** Replace our tags; they must fit. Answered by one `tags-spread`. */
  | { readonly type: 'tags'; readonly tags: Readonly<Record<string, string>> }
  /** Tell everybody, ourselves included; answered by one `user-event-sent`. */
  | ({ readonly type: 'user-event' } & UserEventContent)
  /** The last times seen before this process began; told before the start. */
  | { readonly type: 'recall'; readonly ltimes: Readonly<Record<SnapshotClock, bigint>> }
  /** Leave for good; answered by one `left`. */
  | { readonly type: 'leave' }
  /** Turn a failed member into one that left, everywhere; answered by one `force-left`. */
  | {
      readonly type: 'force-leave'
      readonly name: string
      /** Whether to forget the member at once as well. */
      readonly prune: boolean
    }

/** What SWIM is told, and whether user events of before are wanted. */
export type JoinInput = Extract<SwimInput, { type: 'join' | 'sync' }> & {
  /** Whether to be told of user events from before the join. Those of a `sync` always are. */
  readonly replay?: boolean
}

/** All that Serf can ask for or tell. */
export type SerfEffect =
  | Extract<SwimEffect, { type: 'send' | 'dial' | 'abandon' | 'respond' | 'conflict' }>
  | { readonly type: 'members'; readonly event: MemberEvent }
  | UserEvent
  /** `refusal` says why an event of ours is not on its way. */
  | { readonly type: 'user-event-sent'; readonly refusal: string | undefined }
  | {
      readonly type: 'joined'
      readonly join: number
      /** Seeds that answered with a member other than ourselves. */
      readonly contacted: number
      readonly failures: readonly JoinAttempt[]
    }
  /** `spread` is false when the broadcast timeout came first. */
  | { readonly type: 'tags-spread'; readonly spread: boolean }
  | { readonly type: 'left'; readonly spread: boolean }
  | { readonly type: 'force-left'; readonly name: string; readonly spread: boolean }
