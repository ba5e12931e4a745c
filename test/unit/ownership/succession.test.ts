import { beforeEach, describe, expect, test } from 'vitest'
import { STATE_BYTES_MAX } from '../../../packages/libring/src/ownership/messages.ts'
import { Succession } from '../../../packages/libring/src/ownership/succession.ts'

const KEEP_MS = 15_000
const state = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes)

let succession: Succession

beforeEach(() => {
  succession = new Succession(KEEP_MS, (nowMs) => 1_000_000 + nowMs)
})

/** Held since `nowMs`. */
function held(partition: number, nowMs = 0): bigint {
  const { token } = succession.take(partition, nowMs)
  succession.endTake(partition)
  succession.hold(partition)
  return token
}

describe('what is left for us', () => {
  test('is that of the highest token, whoever comes first', () => {
    const older = { partition: 4, token: 50n, state: state(1) }
    const younger = { partition: 4, token: 60n, state: state(2) }
    for (const legacies of [
      [older, younger],
      [younger, older],
    ]) {
      for (const legacy of legacies) succession.inherit(legacy)
      expect(succession.take(4, 0).state).toEqual(state(2))
      succession.endTake(4)
    }
  })

  test('is nothing where nothing was left, and names who held it last', () => {
    succession.inherit({ partition: 4, token: 50n, state: state() })
    succession.noteHolder(4, 'ann')
    succession.noteHolder(4, 'bob')
    expect(succession.take(4, 0)).toMatchObject({ state: undefined, from: 'bob' })
  })

  test('is forgotten once the partition is not being taken any more', () => {
    succession.inherit({ partition: 4, token: 50n, state: state(1) })
    succession.noteHolder(4, 'ann')
    succession.endTake(4)
    expect(succession.take(4, 0)).toMatchObject({ state: undefined, from: undefined })
  })
})

describe('a token', () => {
  test('is above every token and clock heard of, and above those drawn before', () => {
    const first = held(1)
    const ahead = first + (1n << 40n)
    succession.witness(ahead)
    expect(succession.clock(0)).toBeGreaterThanOrEqual(ahead)
    const second = held(2)
    expect(second).toBeGreaterThan(ahead)
    expect(held(3)).toBeGreaterThan(second)
  })

  test('is drawn anew above what a store has, of what is held only', () => {
    const first = held(1)
    const raised = succession.raise(1, first + 1_000n, 0)
    expect(raised).toBeGreaterThan(first + 1_000n)
    expect(succession.tokenOf(1)).toBe(raised)
    expect(succession.raise(2, first, 0)).toBeUndefined()
  })
})

describe('what we leave', () => {
  test('is the token and what the handler left, for as long as somebody may ask', () => {
    const token = held(1)
    succession.leave(1, state(7))
    succession.letGo(1, 100)
    expect(succession.tokenOf(1)).toBeUndefined()
    expect(succession.farewell(1, 100 + KEEP_MS - 1)).toEqual({
      partition: 1,
      token,
      state: state(7),
    })
    expect(succession.farewell(1, 100 + KEEP_MS)).toBeUndefined()
  })

  test('is nothing of what we never held', () => {
    succession.letGo(1, 0)
    expect(succession.farewell(1, 0)).toBeUndefined()
  })

  test('is not ours to give once we hold it again, nor is the state of the time before', () => {
    held(1)
    succession.leave(1, state(7))
    succession.letGo(1, 0)
    const token = held(1, 10)
    expect(succession.farewell(1, 10)).toBeUndefined()
    succession.letGo(1, 20)
    expect(succession.farewell(1, 20)).toEqual({ partition: 1, token, state: state() })
  })

  test('is no state where there is too much of it', () => {
    held(1)
    held(2)
    succession.leave(1, new Uint8Array(STATE_BYTES_MAX))
    succession.leave(2, new Uint8Array(STATE_BYTES_MAX + 1))
    succession.letGo(1, 0)
    succession.letGo(2, 0)
    expect(succession.farewell(1, 0)?.state).toHaveLength(STATE_BYTES_MAX)
    expect(succession.farewell(2, 0)?.state).toHaveLength(0)
  })
})
