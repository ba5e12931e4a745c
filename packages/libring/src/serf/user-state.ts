import type { Attendance } from './attendance.ts'
import type { UserState } from './messages.ts'

/** What a push/pull tells others of our clocks, of everybody's standing and of recent events. */
export function userStateOf(
  { clock, roster }: Attendance,
  rest: Pick<UserState, 'eventLTime' | 'queryLTime' | 'events'>,
): UserState {
  const statusLTimes = new Map<string, bigint>()
  for (const { member, statusLTime } of roster.entries()) {
    // Others take these for join intents: one of the time of a farewell that is still on its way
    // to them would have them drop the farewell, and take the member for failed.
    const isLeaving = member.status === 'leaving' && statusLTime > 0n
    statusLTimes.set(member.name, isLeaving ? statusLTime - 1n : statusLTime)
  }
  const leftMembers = roster.leftNames()
  return { type: 'push-pull', ltime: clock.time, ...rest, statusLTimes, leftMembers }
}
