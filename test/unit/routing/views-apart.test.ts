import { describe, expect, test } from 'vitest'
import { admit } from '../../../packages/libring/src/routing/admission.ts'
import { Itinerary } from '../../../packages/libring/src/routing/itinerary.ts'
import { FakeCluster, type FakeState } from '../../support/fake-cluster.ts'

// A request comes to ann, who sees one ring, while bob and cat see others. What each of them sees
// changes at times of its own; nothing moves at ann meanwhile unless the test says so. Whoever waits
// with the request looks again at every change of its own.

const LIMITS = { maxHops: 3, acquireWaitMs: 10_000, failoverWaitMs: 10_000 }

/** How often one that waits with the request looks. */
const LOOK_MS = 10

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
    let admission = admit(there, way.mark(''), limits.maxHops)
    const outOfTimeMs = nowMs + limits.acquireWaitMs
    while (admission.type === 'wait' && nowMs < outOfTimeMs) {
      nowMs += LOOK_MS
      there.state = views(nowMs)[name]
      admission = admit(there, way.mark(''), limits.maxHops)
    }
    if (admission.type === 'wait' && admission.otherwise === undefined) {
      return over(`${name} waited in vain`)
    }
    if (admission.type === 'serve') return over(`${name} serves`)
    const refusal = admission.type === 'wait' ? admission.otherwise! : admission
    way.refused(name, refusal.owner, refusal.isNext)
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

  test('are asked sooner when the partition has moved to them, once it moves no more', () => {
    const views: Views = (nowMs) => ({
      ...apart(nowMs),
      ann: naming(nowMs < 500 || (nowMs >= 800 && nowMs < 1_000) ? 'bob' : 'cat'),
      cat: nowMs < 3_000 ? naming('bob') : serving('cat'),
    })
    expect(travel(views, LIMITS, [500, 800, 1_000, 3_200])).toMatchObject({
      asked: ['bob', 'cat', 'cat'],
      outcome: 'cat serves',
      atMs: 3_500,
    })
  })

  test('are asked at once when the partition has moved to them, where hops are left', () => {
    const views: Views = (nowMs) => ({
      ...apart(nowMs),
      ann: naming(nowMs < 1_000 ? 'bob' : 'cat'),
      cat: nowMs < 900 ? naming('bob') : serving('cat'),
    })
    expect(travel(views, { ...LIMITS, maxHops: 4 }, [1_000])).toMatchObject({
      asked: ['bob', 'cat', 'cat'],
      atMs: 1_000,
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
  const views: Views = (nowMs) => ({
    ann: naming('bob'),
    bob: nowMs < 700 ? { holders: ['bob'], servedBy: 'cat' } : serving('bob'),
    cat: naming('bob'),
  })
  expect(travel(views)).toEqual({
    asked: ['bob', 'cat', 'bob'],
    outcome: 'bob serves',
    hops: 3,
    atMs: 700,
  })
})

describe('whoever is asked last', () => {
  test('waits until it sees what the sender sees, when it could name only who has refused', () => {
    // Bob has let index 0 go to cat, which has come to see bob as the primary before it had it. So
    // nobody serves it until bob sees the same, later than ann.
    const views: Views = (nowMs) => ({
      ann: naming(nowMs < 2_580 ? 'cat' : 'bob'),
      bob: nowMs < 5_300 ? naming('cat') : nowMs < 5_310 ? naming('bob') : serving('bob'),
      cat: naming('bob'),
    })
    expect(travel(views, LIMITS, [1_000, 2_580])).toEqual({
      asked: ['cat', 'bob', 'bob'],
      outcome: 'bob serves',
      hops: 3,
      atMs: 5_310,
    })
  })

  test('waits until it takes what another one serves still', () => {
    const bob = (nowMs: number): FakeState => {
      if (nowMs < 4_400) return naming('cat')
      return nowMs < 4_800 ? { holders: ['bob'], servedBy: 'cat' } : serving('bob')
    }
    const views: Views = (nowMs) => ({
      ann: naming(nowMs < 2_000 ? 'cat' : 'bob'),
      bob: bob(nowMs),
      cat: nowMs < 1_000 || nowMs > 4_700 ? naming('bob') : serving('cat'),
    })
    expect(travel(views, LIMITS, [2_000])).toMatchObject({
      asked: ['cat', 'bob', 'bob'],
      outcome: 'bob serves',
      atMs: 4_800,
    })
  })

  test('names whom nobody has asked yet at once', () => {
    const views: Views = () => ({ ann: naming('bob'), bob: naming('cat'), cat: naming('bob') })
    expect(travel(views, { ...LIMITS, maxHops: 1 })).toMatchObject({
      asked: ['bob'],
      outcome: 'LIBRING_HOPS_EXCEEDED',
      atMs: 0,
    })
  })

  test('gives the request back once its time is over, and nobody is asked any more', () => {
    const views: Views = () => ({ ann: naming('bob'), bob: naming('cat'), cat: naming('bob') })
    expect(travel(views)).toEqual({
      asked: ['bob', 'cat', 'bob'],
      outcome: 'LIBRING_HOPS_EXCEEDED',
      hops: 3,
      atMs: 15_000,
    })
  })

  test('may say that it is here, and then it is waited for here', () => {
    const views: Views = (nowMs) => ({
      ann: nowMs < 4_000 ? naming('bob') : nowMs < 4_100 ? naming('ann') : serving('ann'),
      bob: naming(nowMs < 1_000 ? 'cat' : 'ann'),
      cat: naming('bob'),
    })
    const limits = { ...LIMITS, acquireWaitMs: 6_000 }
    expect(travel(views, limits, [4_000, 4_100])).toEqual({
      asked: ['bob', 'cat', 'bob'],
      outcome: 'ann serves',
      hops: 3,
      atMs: 4_100,
    })
  })
})

test('when the partition has moved, those that have refused are asked only where it has moved to', () => {
  // Ann sees bob as the primary, as cat does; bob sees it later, and names cat until then.
  const views: Views = (nowMs) => ({
    ann: naming(nowMs < 1_000 ? 'cat' : 'bob'),
    bob: nowMs < 4_000 ? naming('cat') : serving('bob'),
    cat: naming('bob'),
  })
  const { asked, outcome } = travel(views, { ...LIMITS, maxHops: 4 }, [1_000])
  expect({ asked, outcome }).toEqual({ asked: ['cat', 'bob', 'bob', 'bob'], outcome: 'bob serves' })
})

test('backups that move are no reason to ask a primary again', () => {
  const views: Views = (nowMs) => ({
    ann: { holders: ['bob', nowMs < 1_000 ? 'cat' : 'dan'] },
    bob: nowMs < 3_000 ? naming('cat') : serving('bob'),
    cat: naming('bob'),
  })
  expect(travel(views, LIMITS, [1_000])).toMatchObject({
    asked: ['bob', 'cat', 'bob'],
    outcome: 'bob serves',
    atMs: 5_000,
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
