import type { JoinAttempt } from '../base/errors.ts'
import type { MemberEvent } from '../base/member.ts'
import type { SnapshotClock } from './snapshot-lines.ts'
import type { Millis } from '../base/time.ts'
import type { SwimEffect, SwimInput } from '../swim/effects.ts'
import type { QueryContent, UserEvent, UserEventContent } from './messages.ts'

/** All that Serf can be told: what SWIM is told, with Serf's own words for tags and farewells. */
export type SerfInput =
  | Exclude<
      SwimInput,
      { type: 'meta' | 'announce' | 'direct' | 'call' | 'leave' | 'join' | 'sync' }
    >
  | JoinInput
  /** Replace our tags; they must fit. Answered by one `tags-spread`. */
  | { readonly type: 'tags'; readonly tags: Readonly<Record<string, string>> }
  /** Tell everybody, ourselves included; answered by one `user-event-sent`. */
  | ({ readonly type: 'user-event' } & UserEventContent)
  /** The last times seen before this process began; told before the start. */
  | { readonly type: 'recall'; readonly ltimes: Readonly<Record<SnapshotClock, bigint>> }
  /**
   * Ask everybody who is meant; `query` is the caller's number for it. Answered by one `query-sent`,
   * and unless that is a refusal by `query-answer`s and one `query-over`.
   */
  | ({ readonly type: 'query'; readonly query: number } & QueryContent)
  /** Nobody waits for answers any more; there is no `query-over`. */
  | { readonly type: 'query-cancel'; readonly query: number }
  /** Answer a query by the number it came with, unless there is something against it. */
  | { readonly type: 'respond-query'; readonly query: number; readonly payload: Uint8Array }
  /** The keys of this change are kept now, or why they could not be. */
  | { readonly type: 'keys-kept'; readonly change: number; readonly failure: string | undefined }
  /** Leave for good; answered by one `left`. */
  | { readonly type: 'leave' }
  /** Turn a failed member into one that left, everywhere; answered by one `force-left`. */
  | {
      readonly type: 'force-leave'
      readonly name: string
      /** Whether to forget the member at once as well. */
      readonly prune: boolean
    }

/** Why something is not done, in Serf's words. */
export interface Refusal {
  readonly why: 'too-large' | 'too-many' | 'closed'
  readonly text: string
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
  /** A query for the application, to be answered by this number within this time. */
  | {
      readonly type: 'query'
      readonly query: number
      readonly name: string
      readonly payload: Uint8Array
      readonly from: string
      readonly ltime: bigint
      readonly timeoutMs: Millis
    }
  /** A query of ours is on its way, and open for this time; or why it is not. */
  | {
      readonly type: 'query-sent'
      readonly query: number
      readonly timeoutMs: Millis
      readonly refusal: Refusal | undefined
    }
  | {
      readonly type: 'query-answer'
      readonly query: number
      readonly kind: 'ack' | 'response'
      readonly from: string
      readonly payload: Uint8Array
    }
  /** The time for answers is over. */
  | { readonly type: 'query-over'; readonly query: number }
  /**
   * Somebody had keys installed, used or removed here. They are ours now, the primary first. Where
   * they are kept, whoever asked is answered once there was a `keys-kept` for this `change`.
   */
  | {
      readonly type: 'keys-changed'
      readonly change: number
      readonly keys: readonly Uint8Array[]
    }
  /** Most of those who answered know our name at another address: we have to go. */
  | { readonly type: 'name-lost'; readonly votes: number; readonly forUs: number }
  /** `spread` is false when the broadcast timeout came first. */
  | { readonly type: 'tags-spread'; readonly spread: boolean }
  | { readonly type: 'left'; readonly spread: boolean }
  | { readonly type: 'force-left'; readonly name: string; readonly spread: boolean }
