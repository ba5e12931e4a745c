import { beforeEach, describe, expect, test } from 'vitest'
import { Doubt } from '../../../packages/libring/src/ownership/doubt.ts'

let doubt: Doubt

beforeEach(() => {
  doubt = new Doubt()
})

test('there is none before a stall', () => {
  expect([doubt.isOpen, doubt.deadlineMs(), doubt.takeDue(1e9)]).toEqual([
    false,
    undefined,
    undefined,
  ])
  expect(doubt.isEndedBy(0)).toBe(false)
})

describe('after a stall', () => {
  test('others are tried at once, and each second, until nobody has answered for long enough', () => {
    doubt.begin(1_000, 3_500)
    const due: unknown[] = []
    for (let nowMs = 1_000; nowMs < 5_000; nowMs += 100) {
      const what = doubt.takeDue(nowMs)
      if (what !== undefined) due.push([nowMs, what.type])
      if (what?.type === 'alone') doubt.end()
    }
    expect(due).toEqual([
      [1_000, 'try'],
      [2_000, 'try'],
      [3_000, 'try'],
      [3_500, 'alone'],
    ])
  })

  test('whoever may not be alone goes on trying', () => {
    doubt.begin(0, undefined)
    expect(doubt.takeDue(1e9)).toEqual({ type: 'try', doubt: 1 })
    expect(doubt.deadlineMs()).toBe(1e9 + 1_000)
  })

  test('the answer to a try from before another stall ends nothing', () => {
    doubt.begin(0, undefined)
    doubt.begin(60_000, undefined)
    expect(doubt.takeDue(60_000)).toEqual({ type: 'try', doubt: 2 })
    expect([doubt.isEndedBy(1), doubt.isEndedBy(2)]).toEqual([false, true])
    doubt.end()
    expect(doubt.isEndedBy(2)).toBe(false)
  })

  test('what has come meanwhile is kept, the last word of each partition and member', () => {
    const state = Uint8Array.of(7)
    doubt.begin(0, undefined)
    doubt.noteGone(['ann', 'bob'])
    doubt.noteGone(['ann'])
    doubt.noteSettled({ partition: 3, seq: 4, state })
    doubt.noteSettled({ partition: 3, seq: 6 })
    doubt.noteSettled({ partition: 2, seq: 5 })
    doubt.noteLetGo(3, 4)
    doubt.noteLetGo(3, 6)
    expect(doubt.end()).toEqual({
      gone: ['ann', 'bob'],
      settled: [
        { partition: 3, seq: 6, state },
        { partition: 2, seq: 5, state: undefined },
      ],
      letGo: new Map([[3, 6]]),
    })
    expect(doubt.end()).toEqual({ gone: [], settled: [], letGo: new Map() })
  })
})
