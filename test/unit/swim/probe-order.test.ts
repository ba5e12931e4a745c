import { expect, test } from 'vitest'
import { seededRandom } from '../../../packages/libring/src/base/random.ts'
import { Members, type MemberRow } from '../../../packages/libring/src/swim/members.ts'
import { ProbeOrder } from '../../../packages/libring/src/swim/probe-order.ts'
import type { MemberState } from '../../../packages/libring/src/swim/standing.ts'
import { binomialBounds } from '../../support/binomial.ts'

const KEEP_MS = 30_000

function tableOf(names: readonly string[]): Members {
  const members = new Members(seededRandom(7))
  for (const [index, name] of names.entries()) {
    members.add({
      name,
      addr: Uint8Array.of(127, 0, 0, index + 1),
      port: 7946,
      address: { host: `127.0.0.${index + 1}`, port: 7946 },
      meta: new Uint8Array(),
      incarnation: 1,
      state: 'alive',
      stateSinceMs: 0,
      versions: [1, 5, 2, 2, 5, 5],
    } satisfies MemberRow)
  }
  return members
}

/** Whom `a` asks in so many turns, one a second; `-` where it rests. */
function turns(members: Members, count: number): string[] {
  const order = new ProbeOrder()
  return Array.from({ length: count }, (_, second) => {
    return order.next(members, 'a', KEEP_MS, second * 1_000)?.name ?? '-'
  })
}
const setState = (members: Members, name: string, state: MemberState) => {
  members.setState(members.get(name)!, state, 0)
}

test('everybody else is asked once a round, in another order each time', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
  const asked = turns(tableOf(names), 70)
  const rounds = Array.from({ length: 10 }, (_, round) => asked.slice(round * 7, round * 7 + 7))
  for (const round of rounds) expect(round.toSorted()).toEqual(['b', 'c', 'd', 'e', 'f', 'g', 'h'])
  expect(new Set(rounds.map(String)).size).toBeGreaterThan(5)
})

test('of three, who ends a round and begins the next one rests in between, once in nine rounds', () => {
  const asked = turns(tableOf(['a', 'b', 'c']), 20_000)
  const rests = asked.filter((name) => name === '-').length
  const rounds = (asked.length - rests) / 2
  const { least, most } = binomialBounds(rounds, 1 / 9)
  expect(rests).toBeGreaterThanOrEqual(least)
  expect(rests).toBeLessThanOrEqual(most)
  expect(asked.join('')).not.toContain('--')
  const between = asked.filter((name) => name !== '-')
  for (let at = 0; at + 1 < between.length; at += 2)
    expect(between[at], `turn ${at}`).not.toBe(between[at + 1])
})

test('of two, the other one is asked at least every second turn', () => {
  expect(turns(tableOf(['a', 'b']), 1_000).join('')).toMatch(/^(?:b|-b|-$)+$/)
})

test('who is alone asks nobody, nor do the dead and the gone get asked', () => {
  expect(turns(tableOf(['a']), 5)).toEqual(['-', '-', '-', '-', '-'])
  const members = tableOf(['a', 'b', 'c', 'd'])
  setState(members, 'b', 'dead')
  setState(members, 'c', 'left')
  expect(new Set(turns(members, 50))).toEqual(new Set(['d', '-']))
  expect(members.size, 'until the time to keep them is over').toBe(2)
})
