import type { MemberStatus } from '../base/member.ts'

/** What can move a member from one status to another. */
export type StatusCause =
  /** SWIM sees it again, or for the first time. */
  | 'up'
  /** SWIM lost it, whether it fell silent or said farewell. */
  | 'down'
  /** Somebody says that it joined. */
  | 'join-intent'
  /** Somebody says that it leaves. */
  | 'leave-intent'

/**
 * The status after `cause`.
 *
 * Whether a member that is gone left or failed is told by its leave intent alone: SWIM's farewell
 * without one counts as a failure, and an intent that comes later turns the failure into a leave.
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
  'join-intent': { alive: 'alive', leaving: 'alive', left: 'left', failed: 'failed' },
  'leave-intent': { alive: 'leaving', leaving: 'leaving', left: 'left', failed: 'left' },
}

/** Whether a member in this status is no longer there. */
export function isGone(status: MemberStatus): boolean {
  return status === 'left' || status === 'failed'
}
