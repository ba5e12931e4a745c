import { beforeEach, describe, expect, test } from 'vitest'
import type { MemberEvent } from '../../../packages/libring/src/base/member.ts'
import { Attendance } from '../../../packages/libring/src/serf/attendance.ts'
import { userStateOf } from '../../../packages/libring/src/serf/user-state.ts'

const ann = { name: 'ann', host: '127.0.0.2', port: 7946, tags: {} }

let attendance: Attendance

beforeEach(() => {
  attendance = new Attendance('self')
  attendance.up(ann, 0)
  attendance.join({ node: 'ann', ltime: 4n }, 0)
})

function told({ events = [] }: { readonly events?: readonly MemberEvent[] }): string[] {
  return events.map(({ type }) => type)
}

const statusOf = (name: string) => attendance.roster.get(name)?.member.status

describe('a farewell without its intent', () => {
  test('is a leave all the same, told once', () => {
    expect(told(attendance.left('ann', 0))).toEqual(['member-leave'])
    expect(statusOf('ann')).toBe('left')
    expect(told(attendance.left('ann', 0))).toEqual([])
  })

  test('leaves the intent that comes later to be passed along, and to change nothing', () => {
    attendance.left('ann', 0)
    const outcome = attendance.leave({ node: 'ann', ltime: 5n, prune: false }, 0)
    expect(outcome).toEqual({ rebroadcast: true, events: [] })
    expect(statusOf('ann')).toBe('left')
  })

  test('makes whoever held the member for failed think better of it at the next push/pull', () => {
    attendance.left('ann', 0)
    const other = new Attendance('other')
    other.up(ann, 0)
    other.join({ node: 'ann', ltime: 4n }, 0)
    expect(told(other.down('ann', 0))).toEqual(['member-failed'])
    const state = userStateOf(attendance, { eventLTime: 1n, queryLTime: 1n, events: [] })
    expect(told(other.merge(state, 0))).toEqual(['member-leave'])
  })

  test('does not keep the member from coming back', () => {
    attendance.left('ann', 0)
    expect(told(attendance.up(ann, 0))).toEqual(['member-join'])
    expect(statusOf('ann')).toBe('alive')
  })
})
