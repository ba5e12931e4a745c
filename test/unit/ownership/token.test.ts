import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  compareHolders,
  HEARD_LIMIT,
  TOKEN_LIMIT,
  TokenClock,
  tokenHex,
  tokenMs,
} from '../../../packages/libring/src/ownership/token.ts'

const NOON_MS = 1_800_000_000_000

describe('a token', () => {
  test('holds the time at which it was drawn', () => {
    expect(tokenMs(new TokenClock().draw(NOON_MS))).toBe(NOON_MS)
  })

  test('is written in sixteen digits that order as tokens do', () => {
    const tokens = [1n, 255n, 1n << 40n, HEARD_LIMIT, TOKEN_LIMIT - 1n]
    const digits = tokens.map(tokenHex)
    expect(digits[1]).toBe('00000000000000ff')
    expect(digits.every((text) => text.length === 16)).toBe(true)
    expect([...digits].sort()).toEqual(digits)
  })
})

describe('a clock draws tokens', () => {
  test('above all that were drawn or heard of, however the wall clock jumps', () => {
    const heard = fc.bigInt({ min: 0n, max: HEARD_LIMIT - 1n })
    const wall = fc.oneof(fc.double(), fc.integer({ min: 0, max: 4 * NOON_MS }))
    fc.assert(
      fc.property(fc.array(fc.tuple(heard, wall), { maxLength: 30 }), (steps) => {
        const clock = new TokenClock()
        let highest = -1n
        for (const [seen, wallMs] of steps) {
          clock.witness(seen)
          if (seen > highest) highest = seen
          expect(clock.read(wallMs)).toBeGreaterThanOrEqual(seen)
          const token = clock.draw(wallMs)
          expect(token).toBeGreaterThan(highest)
          expect(token).toBeLessThan(TOKEN_LIMIT)
          highest = token
        }
      }),
      { seed: 6, numRuns: 300 },
    )
  })

  test('that differ within one millisecond', () => {
    const clock = new TokenClock()
    expect(
      [clock.draw(5), clock.draw(5), clock.draw(4)].map((token) => token - (5n << 16n)),
    ).toEqual([0n, 1n, 2n])
  })

  test('and does not let others use them up', () => {
    const clock = new TokenClock()
    clock.witness(HEARD_LIMIT)
    expect(tokenMs(clock.draw(NOON_MS))).toBe(NOON_MS)
  })

  test('but shows the time without drawing', () => {
    const clock = new TokenClock()
    expect(clock.read(7)).toBe(clock.read(7))
    expect(clock.draw(7)).toBe(7n << 16n)
  })
})

test('of two holders the lower token yields, and the smaller name where tokens are the same', () => {
  const [low, high] = [
    { token: 1n, name: 'bob' },
    { token: 2n, name: 'ann' },
  ]
  expect(compareHolders(low, high)).toBeLessThan(0)
  expect(compareHolders({ ...low, name: 'ann' }, low)).toBeLessThan(0)
  expect(compareHolders(low, low)).toBe(0)
})
