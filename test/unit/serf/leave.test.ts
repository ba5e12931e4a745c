import { expect, test } from 'vitest'
import {
  advanceLeave,
  leaveDeadlineMs,
  statusWhile,
  type Leave,
} from '../../../packages/libring/src/serf/leave.ts'

const LINGER_MS = 1_000
const announcing: Leave = { phase: 'announcing', ticket: 7, untilMs: 5_000 }
const departing: Leave = { phase: 'departing', announced: true }

test('the farewell follows the intent once that has been spread', () => {
  const input = { type: 'announced', ticket: 7 } as const
  expect(advanceLeave(announcing, input, LINGER_MS, 100)).toEqual(departing)
})

test('the end of another broadcast changes nothing', () => {
  const input = { type: 'announced', ticket: 6 } as const
  expect(advanceLeave(announcing, input, LINGER_MS, 100)).toBe(announcing)
})

test('an intent that cannot be spread in time holds nothing up, but is told', () => {
  expect(advanceLeave(announcing, { type: 'tick' }, LINGER_MS, 4_999)).toBe(announcing)
  const late = advanceLeave(announcing, { type: 'tick' }, LINGER_MS, 5_000)
  expect(late).toEqual({ phase: 'departing', announced: false })
  const lingering = advanceLeave(late, { type: 'departed', spread: true }, LINGER_MS, 6_000)
  expect(lingering).toEqual({ phase: 'lingering', untilMs: 7_000, spread: false })
})

test('after the farewell a member stays on for a while, then is gone for good', () => {
  const input = { type: 'departed', spread: true } as const
  const lingering = advanceLeave(departing, input, LINGER_MS, 200)
  expect(leaveDeadlineMs(lingering)).toBe(1_200)
  expect(advanceLeave(lingering, { type: 'tick' }, LINGER_MS, 1_199)).toBe(lingering)
  const gone = advanceLeave(lingering, { type: 'tick' }, LINGER_MS, 1_200)
  expect(gone).toEqual({ phase: 'gone', spread: true })
  for (const late of [
    input,
    { type: 'tick' } as const,
    { type: 'announced', ticket: 7 } as const,
  ]) {
    expect(advanceLeave(gone, late, LINGER_MS, 9_999)).toBe(gone)
  }
})

test('a member is leaving from its intent until it is gone', () => {
  expect(statusWhile({ phase: 'none' })).toBe('alive')
  expect(statusWhile(announcing)).toBe('leaving')
  expect(statusWhile(departing)).toBe('leaving')
  expect(statusWhile({ phase: 'gone', spread: true })).toBe('left')
})
