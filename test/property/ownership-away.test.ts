import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AwayList } from '../../packages/libring/src/ownership/away.ts'

const GRACE_MS = 1_000
const NAMES = ['ann', 'bob', 'cat']
const LISTS = 4

type Step =
  | {
      readonly type: 'leave' | 'end'
      readonly by: number
      readonly who: number
      readonly at: number
    }
  | { readonly type: 'arrive' | 'forget'; readonly by: number; readonly who: number }
  | { readonly type: 'exchange'; readonly by: number; readonly with: number }
  | { readonly type: 'pass'; readonly ms: number }

const by = fc.nat({ max: LISTS - 1 })
const who = fc.nat({ max: NAMES.length - 1 })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constant('leave' as const), by, who, at: fc.nat(3) }),
  },
  fc.record({ type: fc.constant('end' as const), by, who, at: fc.nat(3) }),
  fc.record({ type: fc.constantFrom('arrive' as const, 'forget' as const), by, who }),
  fc.record({ type: fc.constant('exchange' as const), by, with: by }),
  fc.record({ type: fc.constant('pass' as const), ms: fc.nat({ max: 700 }) }),
)

/** Each sees weights of its own, as if news of new tags had been lost. */
const homeSeenBy = (list: number, member: number) => {
  return { name: NAMES[member]!, weight: 1 + (list % 2), zone: '' }
}

/** One tells the other, is told in turn, and each corrects the other. Says how often that was. */
function exchange(one: AwayList, other: AwayList, nowMs: number): number {
  let entries = one.export(nowMs)
  const pair = [other, one]
  for (let turn = 0; ; turn++) {
    const { corrections } = pair[turn % 2]!.merge(entries, nowMs)
    entries = turn === 0 ? [...other.export(nowMs), ...corrections] : corrections
    if (entries.length === 0) return turn + 1
  }
}

function run(steps: readonly Step[]): { readonly lists: AwayList[]; readonly nowMs: number } {
  const lists = Array.from({ length: LISTS }, () => new AwayList(GRACE_MS))
  let nowMs = 0
  for (const each of steps) {
    if (each.type === 'pass') {
      nowMs += each.ms
      for (const list of lists) list.expire(nowMs)
      continue
    }
    const list = lists[each.by]!
    switch (each.type) {
      case 'leave':
        list.leave(homeSeenBy(each.by, each.who), each.at, nowMs)
        break
      case 'end':
        list.end(NAMES[each.who]!, each.at)
        break
      case 'arrive':
        list.arrive(NAMES[each.who]!)
        break
      case 'forget':
        list.forget(NAMES[each.who]!, nowMs)
        break
      case 'exchange':
        expect(exchange(list, lists[each.with]!, nowMs)).toBeLessThan(4)
        break
    }
  }
  return { lists, nowMs }
}

/** Two rounds: what the last one tells the first has to come to the others as well. */
function exchangeAll(lists: readonly AwayList[], nowMs: number): void {
  for (const one of [...lists, ...lists]) {
    for (const other of lists) if (other !== one) exchange(one, other, nowMs)
  }
}

const sorted = (list: AwayList, nowMs: number) => {
  return list.export(nowMs).toSorted((left, right) => (left.name < right.name ? -1 : 1))
}

test('whatever each has seen, all agree once they have told each other', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const { lists, nowMs } = run(steps)
      // In the end all see the same members as gone.
      for (const list of lists)
        for (const name of NAMES) list.leave({ name, weight: 1, zone: '' }, 0, nowMs)
      exchangeAll(lists, nowMs)
      for (const list of lists) expect(sorted(list, nowMs)).toEqual(sorted(lists[0]!, nowMs))
    }),
    { seed: 31, numRuns: 1_000 },
  )
})

test('a time that is over for one who knows of the last absence is over for all', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), who, by, (steps, gone, witness) => {
      const { lists, nowMs } = run(steps)
      const name = NAMES[gone]!
      for (const [i, list] of lists.entries()) list.leave(homeSeenBy(i, gone), 5, nowMs)
      lists[witness]!.end(name, 5)
      exchangeAll(lists, nowMs)
      for (const list of lists) {
        expect(list.homes().some((home) => home.name === name)).toBe(false)
        expect(list.leave(homeSeenBy(0, gone), 5, nowMs + 1)).toBe(false)
      }
    }),
    { seed: 32, numRuns: 500 },
  )
})

test('nobody is away for longer than the grace, counted from when it was first seen to go', () => {
  fc.assert(
    fc.property(fc.array(by, { maxLength: 20 }), fc.array(fc.nat({ max: 90 })), (pairs, pauses) => {
      const lists = Array.from({ length: LISTS }, () => new AwayList(GRACE_MS))
      let nowMs = 0
      lists[0]!.leave(homeSeenBy(0, 0), 1, nowMs)
      for (const [i, other] of pairs.entries()) {
        nowMs += pauses[i] ?? 0
        for (const list of lists) list.expire(nowMs)
        exchange(lists[i % LISTS]!, lists[other]!, nowMs)
      }
      for (const list of lists) {
        for (const { leftMs } of list.export(nowMs))
          expect(nowMs + leftMs).toBeLessThanOrEqual(GRACE_MS)
      }
    }),
    { seed: 33, numRuns: 500 },
  )
})
