import type { Millis } from '../base/time.ts'
import type { MemberEvent } from '../base/member.ts'
import type { Disagreement } from '../ownership/agreement.ts'
import type { ClusterMember } from '../ownership/cluster-member.ts'
import type { AcquireEvent, ChangeEvent, OwnershipEvent, ReleaseEvent } from '../ownership/event.ts'

/** The ring was formed anew. Lookups follow it already. */
export interface RebalanceEvent {
  /** Number of the view, growing by one. Local: two members cannot compare theirs. */
  readonly epoch: number
  /** The members of the ring, in the order of the UTF-8 bytes of their names. */
  readonly members: readonly ClusterMember[]
  /** The changes of membership that led here. */
  readonly cause: readonly MemberEvent[]
}

/** A handler or a task threw or rejected, or a handler returned more state than it may. */
export interface HandlerErrorEvent {
  readonly event: OwnershipEvent
  readonly error: unknown
  /** From 1, growing by one each time that the work was begun anew. */
  readonly attempt: number
}

/** The time to let a partition go was over before its handlers were done. */
export interface HandlerOverdueEvent {
  /** The step that was being dealt with, or waited for its turn. */
  readonly event: OwnershipEvent
}

/** Members of the ring have different configurations. Told again whenever that changes. */
export interface ConfigMismatchEvent {
  /** In which fields they differ, and who bears which value. None once all agree again. */
  readonly fields: readonly Disagreement[]
}

/** Partitions were taken though a member had not said that it let them go. */
export interface HandoffTimeoutEvent {
  /**
   * `silent`: it said nothing at all for `handoffTimeoutMs`. `deadlock`: it was taking them as
   * well, each waited for the other, and its name is the greater.
   */
  readonly reason: 'silent' | 'deadlock'
  readonly member: string
  readonly partitions: readonly number[]
}

/** Another member was found to hold what the local one held. */
export interface DoubleHolderEvent {
  readonly member: string
  readonly partitions: readonly number[]
  /** Whoever has the lower (token, name) lets go. */
  readonly yields: 'local' | 'member'
}

/**
 * Partitions that the local member is to hold and cannot take yet, for as long as both timeouts of
 * a hand-off together, and that nobody is known to hold. Told once for each time it happens.
 */
export interface OrphanEvent {
  readonly partitions: readonly number[]
}

/**
 * The process was stopped, suspended or kept busy for so long that others may have taken what the
 * local member held. Everything it held has ended; nothing is decided before another member was
 * reached, or nobody was there for `bootstrapTimeoutMs`.
 */
export interface StalledEvent {
  /** For how long it may not have run, in milliseconds. */
  readonly durationMs: Millis
}

/** What `cluster.on` tells, by type. */
export interface ClusterEvents {
  readonly rebalance: RebalanceEvent
  readonly acquire: AcquireEvent
  readonly release: ReleaseEvent
  readonly change: ChangeEvent
  /** What Serf tells of any member, whether it takes part in the ring or not. */
  readonly member: MemberEvent
  readonly 'handler-error': HandlerErrorEvent
  readonly 'handler-overdue': HandlerOverdueEvent
  readonly 'config-mismatch': ConfigMismatchEvent
  readonly 'handoff-timeout': HandoffTimeoutEvent
  readonly 'double-holder': DoubleHolderEvent
  readonly orphan: OrphanEvent
  readonly stalled: StalledEvent
}

export type ClusterEventType = keyof ClusterEvents

export const CLUSTER_EVENT_TYPES: readonly ClusterEventType[] = [
  'rebalance',
  'acquire',
  'release',
  'change',
  'member',
  'handler-error',
  'handler-overdue',
  'config-mismatch',
  'handoff-timeout',
  'double-holder',
  'orphan',
  'stalled',
]
