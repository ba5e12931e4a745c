import { expect, test } from 'vitest'
import { Awareness } from '../../../packages/libring/src/swim/awareness.ts'
import { retransmitLimit, scaledPushPullMs } from '../../../packages/libring/src/swim/scaling.ts'
import {
  leastDeathMs,
  Suspicion,
  suspicionBounds,
  suspicionTimeoutMs,
} from '../../../packages/libring/src/swim/suspicion.ts'
import { serfVectors } from '../../support/vectors.ts'

// Every figure here was computed by memberlist itself.
interface Timers {
  awarenessMax8: { delta: number; scaled1sMs: number; score: number }[]
  pushPullScale: { intervalMs: number; n: number; scaledMs: number }[]
  remainingSuspicionTime: {
    elapsedMs: number
    k: number
    maxMs: number
    minMs: number
    n: number
    remainingMs: number
  }[]
  retransmitLimit: { limit: number; mult: number; n: number }[]
  suspicionTimeout: {
    minNs: number
    maxMs: number
    mult: number
    n: number
    probeIntervalMs: number
  }[]
}
const timers = serfVectors<Timers>('timers.json')

test('the awareness score follows every change, within its range', () => {
  const awareness = new Awareness(8)
  const seen = timers.awarenessMax8.map(({ delta }) => {
    awareness.apply(delta)
    return { delta, score: awareness.score, scaled1sMs: awareness.scale(1_000) }
  })
  expect(seen).toEqual(timers.awarenessMax8)
})

test('push/pulls slow down with the doublings of the cluster', () => {
  const seen = timers.pushPullScale.map(({ intervalMs, n }) => {
    return { intervalMs, n, scaledMs: scaledPushPullMs(intervalMs, n) }
  })
  expect(seen).toEqual(timers.pushPullScale)
})

test('a broadcast is sent more often in a larger cluster', () => {
  const seen = timers.retransmitLimit.map(({ mult, n }) => {
    return { mult, n, limit: retransmitLimit(mult, n) }
  })
  expect(seen).toEqual(timers.retransmitLimit)
})

test('a suspicion lasts longer in a larger cluster', () => {
  const bounds = timers.suspicionTimeout.map(({ mult, n, probeIntervalMs }) => {
    const setting = { suspicionMult: mult, suspicionMaxTimeoutMult: 6, probeIntervalMs }
    const { minMs, maxMs } = suspicionBounds(setting, n)
    return { minNs: minMs * 1e6, maxMs: Math.floor(maxMs) }
  })
  expect(bounds).toEqual(
    timers.suspicionTimeout.map(({ minNs, maxMs }) => ({ minNs, maxMs: Math.floor(maxMs) })),
  )
})

test('every confirmation shortens what is left of a suspicion', () => {
  const seen = timers.remainingSuspicionTime.map((row) => {
    const bounds = { confirmationsWanted: row.k, minMs: row.minMs, maxMs: row.maxMs }
    return { ...row, remainingMs: suspicionTimeoutMs(row.n, bounds) - row.elapsedMs }
  })
  expect(seen).toEqual(timers.remainingSuspicionTime)
})

test.each([
  { members: 2, wanted: 0 },
  { members: 3, wanted: 0 },
  { members: 4, wanted: 2 },
  { members: 100, wanted: 2 },
])('with $members members $wanted confirmations are waited for', ({ members, wanted }) => {
  const lan = { suspicionMult: 4, suspicionMaxTimeoutMult: 6, probeIntervalMs: 1_000 }
  expect(suspicionBounds(lan, members).confirmationsWanted).toBe(wanted)
})

test.each([
  { members: 1, lanMs: 5_000 },
  { members: 10, lanMs: 5_000 },
  { members: 100, lanMs: 9_000 },
])('of $members members nobody is declared dead before $lanMs ms of silence', (row) => {
  const lan = { suspicionMult: 4, suspicionMaxTimeoutMult: 6, probeIntervalMs: 1_000 }
  expect(leastDeathMs(lan, row.members)).toBe(row.lanMs)
})

test('agreeing with oneself does not confirm a suspicion, and neither does a third peer', () => {
  const bounds = { confirmationsWanted: 2, minMs: 1_000, maxMs: 6_000 }
  const suspicion = new Suspicion('ann', bounds, 500)
  expect(suspicion.deadlineMs).toBe(6_500)
  expect(suspicion.confirm('ann')).toBe(false)
  expect(suspicion.confirm('bob')).toBe(true)
  expect(suspicion.confirm('bob')).toBe(false)
  expect(suspicion.confirm('cat')).toBe(true)
  expect(suspicion.confirm('dan')).toBe(false)
  expect(suspicion.deadlineMs).toBe(1_500)
})
