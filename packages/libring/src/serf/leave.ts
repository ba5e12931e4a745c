import type { MemberStatus } from '../base/member.ts'
import type { Millis } from '../base/time.ts'

/**
 * How far the local member's farewell has come. Peers have to hear the intent before SWIM's
 * farewell, or they take it for a failure; and whoever goes at once is called dead by those who
 * have not heard it yet.
 */
export type Leave =
  /** Taking part. */
  | { readonly phase: 'none' }
  /** The intent is being spread. */
  | { readonly phase: 'announcing'; readonly ticket: number; readonly untilMs: Millis }
  /** SWIM's farewell is being spread. */
  | { readonly phase: 'departing'; readonly announced: boolean }
  /** Staying on to answer probes. */
  | { readonly phase: 'lingering'; readonly untilMs: Millis; readonly spread: boolean }
  | { readonly phase: 'gone'; readonly spread: boolean }

export type LeaveInput =
  /** The broadcast of this ticket is over. */
  | { readonly type: 'announced'; readonly ticket: number }
  /** SWIM is done with its farewell; `spread` is false when time ran out. */
  | { readonly type: 'departed'; readonly spread: boolean }
  | { readonly type: 'tick' }

/**
 * The farewell after `input`. Returns the same object when the input changes nothing.
 *
 * @param lingerMs how long to stay on after SWIM's farewell.
 * @see serf serf.go `Leave`.
 */
export function advanceLeave(
  leave: Leave,
  input: LeaveInput,
  lingerMs: Millis,
  nowMs: Millis,
): Leave {
  switch (leave.phase) {
    case 'announcing':
      if (input.type === 'announced' && input.ticket === leave.ticket) {
        return { phase: 'departing', announced: true }
      }
      if (input.type !== 'tick' || nowMs < leave.untilMs) return leave
      return { phase: 'departing', announced: false }

    case 'departing':
      if (input.type !== 'departed') return leave
      return {
        phase: 'lingering',
        untilMs: nowMs + lingerMs,
        spread: leave.announced && input.spread,
      }

    case 'lingering':
      if (input.type !== 'tick' || nowMs < leave.untilMs) return leave
      return { phase: 'gone', spread: leave.spread }

    case 'none':
    case 'gone':
      return leave
  }
}

/** When `advanceLeave` is next worth a tick, if ever. */
export function leaveDeadlineMs(leave: Leave): Millis | undefined {
  switch (leave.phase) {
    case 'announcing':
    case 'lingering':
      return leave.untilMs
    case 'none':
    case 'departing':
    case 'gone':
      return undefined
  }
}

/** What the local member is while its farewell has come so far. */
export function statusWhile(leave: Leave): Exclude<MemberStatus, 'failed'> {
  if (leave.phase === 'none') return 'alive'
  return leave.phase === 'gone' ? 'left' : 'leaving'
}
