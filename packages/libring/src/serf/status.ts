import type { MemberStatus } from '../base/member.ts'

/** What can move a member from one status to another. */
export type StatusCause =
  /** SWIM sees it again, or for the first time. */
  | 'up'
  /** It fell silent, as far as SWIM can tell. */
  | 'down'
  /** It told SWIM itself that it goes. */
  | 'farewell'
  /** Somebody says that it joined. */
  | 'join-intent'
  /** Somebody says that it leaves. */
  | 'leave-intent'

/**
 * The status after `cause`.
 *
 * A member that falls silent left if its leave intent was heard, and failed otherwise; an intent
 * that comes later turns the failure into a leave. Whoever says farewell has left, whether or not
 * gossip brought the intent first. Serf itself goes by the intent alone, and calls a member that
 * left a failure whenever gossip loses the intent or lets the farewell overtake it.
 *
 * @see serf serf.go `handleNodeJoin`, `handleNodeLeave`, `handleNodeJoinIntent`,
 *   `handleNodeLeaveIntent`.
 */
export function nextStatus(status: MemberStatus, cause: StatusCause): MemberStatus {
  return NEXT[cause][status]
}

const NEXT: Readonly<Record<StatusCause, Readonly<Record<MemberStatus, MemberStatus>>>> = {
  up: { alive: 'alive', leaving: 'alive', left: 'alive', failed: 'alive' },
  down: { alive: 'failed', leaving: 'left', left: 'left', failed: 'failed' },
  farewell: { alive: 'left', leaving: 'left', left: 'left', failed: 'left' },
  'join-intent': { alive: 'alive', leaving: 'alive', left: 'left', failed: 'failed' },
  'leave-intent': { alive: 'leaving', leaving: 'leaving', left: 'left', failed: 'left' },
}

/** Whether a member in this status is no longer there. */
export function isGone(status: MemberStatus): boolean {
  return status === 'left' || status === 'failed'
}
