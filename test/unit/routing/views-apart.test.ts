import { describe, expect, test } from 'vitest'
import { admit } from '../../../packages/libring/src/routing/admission.ts'
import { Itinerary } from '../../../packages/libring/src/routing/itinerary.ts'
import { FakeCluster, type FakeState } from '../../support/fake-cluster.ts'

// A request comes to ann, who sees one ring, while bob and cat see others. What each of them sees
// changes at times of its own; nothing moves at ann meanwhile unless the test says so.

const LIMITS = { maxHops: 3, acquireWaitMs: 10_000, failoverWaitMs: 10_000 }

type Views = (nowMs: number) => Readonly<Record<'ann' | 'bob' | 'cat', FakeState>>

interface Journey {
  readonly asked: readonly string[]
  readonly outcome: string
  readonly hops: number
  readonly atMs: number
}

/** @param movesAtMs when something moves at ann, though perhaps nothing of this partition. */
function travel(views: Views, limits = LIMITS, movesAtMs: readonly number[] = []): Journey {
  let nowMs = 0
  const ann = new FakeCluster(views(0).ann)
  const way = new Itinerary(ann, { partition: 7, role: 'primary' }, limits)
  const asked: string[] = []
  const over = (outcome: string): Journey => ({ asked, outcome, hops: way.hops, atMs: nowMs })
  for (let legs = 0; legs < 100; legs++) {
    ann.state = views(nowMs).ann
    const leg = way.next()
    if (leg.type === 'serve') return over('ann serves')
    if (leg.type === 'fail') return over(leg.code)
    if (leg.type === 'wait') {
      const moveMs = movesAtMs.find((atMs) => atMs > nowMs) ?? Infinity
      const spentMs = Math.min(leg.timeoutMs, moveMs - nowMs)
      nowMs += spentMs
      way.waited(leg.timeoutMs, leg.timeoutMs - spentMs)
      continue
    }
    const name = leg.member.name as 'bob' | 'cat'
    asked.push(name)
    const there = new FakeCluster(views(nowMs)[name], name)
    const admission = admit(there, way.mark(''), limits.maxHops)
    if (admission.type !== 'refuse') return over(`${name} ${admission.type}s`)
    way.refused(name, admission.owner, admission.isNext)
  }
  return over('goes on for ever')
}

const serving = (name: string): FakeState => ({ holders: [name], local: { replica: 0 } })
const naming = (name: string): FakeState => ({ holders: [name] })

describe('members that name each other', () => {
  const apart: Views = (nowMs) => ({
    ann: naming('bob'),
    bob: nowMs < 3_000 ? naming('cat') : serving('bob'),
    cat: naming('bob'),
  })

  test('are not asked again before they had time to know better', () => {
    expect(travel(apart)).toEqual({
      asked: ['bob', 'cat', 'bob'],
      outcome: 'bob serves',
      hops: 3,
      atMs: 5_000,
    })
  })

  test('are asked more often where more hops are left', () => {
    expect(travel(apart, { ...LIMITS, maxHops: 5 })).toMatchObject({
      outcome: 'bob serves',
      asked: ['bob', 'cat', 'bob', 'cat', 'bob'],
    })
    const { outcome, atMs } = travel(apart, { ...LIMITS, maxHops: 16 })
    expect(outcome).toBe('bob serves')
    expect(atMs).toBeLessThan(4_500)
  })

  test('are not asked for what moves besides', () => {
    const moves = Array.from({ length: 50 }, (_, at) => at * 20)
    expect(travel(apart, LIMITS, moves)).toMatchObject({ outcome: 'bob serves', hops: 3 })
  })

  test('are asked at once when the partition has moved', () => {
    const views: Views = (nowMs) => ({
      ...apart(nowMs),
      ann: naming(nowMs < 3_200 ? 'bob' : 'cat'),
      cat: nowMs < 3_000 ? naming('bob') : serving('cat'),
    })
    expect(travel(views, LIMITS, [1_000, 3_200])).toMatchObject({
      asked: ['bob', 'cat', 'cat'],
      atMs: 3_200,
    })
  })

  test('for ever are asked as often as may be, and no more', () => {
    for (const maxHops of [1, 2, 3, 5, 16]) {
      const outcome = 'LIBRING_HOPS_EXCEEDED'
      const journey = travel(
        () => ({ ann: naming('bob'), bob: naming('cat'), cat: naming('bob') }),
        { ...LIMITS, maxHops },
      )
      expect(journey).toMatchObject({ outcome, hops: maxHops })
      expect(journey.asked).toHaveLength(maxHops)
    }
  })
})

test('a member that is next waits with the request once the one before has sent it away', () => {
  // Bob has not heard yet that cat has let go.
  const views: Views = () => ({
    ann: naming('bob'),
    bob: { holders: ['bob'], servedBy: 'cat' },
    cat: naming('bob'),
  })
  expect(travel(views)).toEqual({
    asked: ['bob', 'cat', 'bob'],
    outcome: 'bob waits',
    hops: 3,
    atMs: 0,
  })
})

test('hops are not spent on members that cannot be reached', () => {
  const ann = new FakeCluster(naming('bob'))
  const way = new Itinerary(ann, { partition: 7, role: 'primary' }, LIMITS)
  for (let at = 0; at < 10; at++) {
    expect(way.next()).toMatchObject({ type: 'forward' })
    way.unreachable('bob')
    expect(way.next()).toMatchObject({ type: 'wait' })
    // Something moves, and not this.
    way.waited(1_000, 999)
  }
  ann.state = naming('cat')
  expect(way.next()).toMatchObject({ type: 'forward', member: { name: 'cat' } })
  expect(way.hops).toBe(1)
})
