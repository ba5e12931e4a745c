import { describe, expect, test } from 'vitest'
import type { MemberStatus } from '../../../packages/libring/src/base/member.ts'
import { nextStatus, type StatusCause } from '../../../packages/libring/src/serf/status.ts'

// Rows: what happened. Columns: the status before, in the order alive, leaving, left, failed.
const statuses: readonly MemberStatus[] = ['alive', 'leaving', 'left', 'failed']
const table: Record<StatusCause, string> = {
  up: 'alive alive alive alive',
  down: 'failed left left failed',
  farewell: 'left left left left',
  'join-intent': 'alive alive left failed',
  'leave-intent': 'leaving leaving left left',
}

describe('the status of a member', () => {
  for (const [cause, row] of Object.entries(table)) {
    for (const [index, next] of row.split(' ').entries()) {
      const status = statuses[index]!
      test(`${cause} makes ${status} ${next}`, () => {
        expect(nextStatus(status, cause as StatusCause)).toBe(next)
      })
    }
  }
})
