import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { MemberEventType } from '../../packages/libring/src/base/member.ts'
import { EventCoalescer, type GatherableEvent } from '../../packages/libring/src/serf/coalesce.ts'

const PERIODS = {
  coalescePeriodMs: 300,
  quiescentPeriodMs: 100,
  userCoalescePeriodMs: 250,
  userQuiescentPeriodMs: 120,
}

const TYPES: readonly MemberEventType[] = [
  'member-join',
  'member-leave',
  'member-failed',
  'member-update',
  'member-reap',
]

const name = fc.constantFrom('ann', 'bob', 'cat')
const happening = fc.record({
  afterMs: fc.integer({ min: 0, max: 200 }),
  event: fc.oneof(
    fc.record({
      type: fc.constant('members' as const),
      event: fc.record({
        type: fc.constantFrom(...TYPES),
        members: fc.uniqueArray(name, { minLength: 1 }).map((names) =>
          names.map((each) => ({
            name: each,
            host: '',
            port: 1,
            tags: {},
            status: 'alive' as const,
          })),
        ),
      }),
    }),
    fc.record({
      type: fc.constant('user-event' as const),
      name,
      payload: fc.uint8Array({ maxLength: 2 }),
      ltime: fc.bigInt({ min: 1n, max: 5n }),
      coalesce: fc.boolean(),
    }),
  ),
})

interface Dated {
  readonly event: GatherableEvent
  readonly atMs: number
}

/** Let it all happen, with a tick at every deadline. */
function run(happenings: readonly { afterMs: number; event: GatherableEvent }[]) {
  const coalescer = new EventCoalescer(PERIODS)
  const heard: Dated[] = []
  const told: Dated[] = []
  let nowMs = 0
  const drain = (): void => {
    for (let event = coalescer.poll(); event !== undefined; event = coalescer.poll()) {
      told.push({ event, atMs: nowMs })
    }
  }
  const passTo = (endMs: number): void => {
    for (let next = coalescer.deadlineMs(); next !== undefined; next = coalescer.deadlineMs()) {
      if (next > endMs) break
      nowMs = next
      coalescer.tick(nowMs)
      if (coalescer.deadlineMs() === next) throw new Error('a window that is over stays open')
      drain()
    }
    nowMs = endMs
  }
  for (const { afterMs, event } of happenings) {
    passTo(nowMs + afterMs)
    heard.push({ event, atMs: nowMs })
    coalescer.handle(event, nowMs)
    drain()
  }
  passTo(nowMs + 1_000)
  return { heard, told }
}

const typesOf = (events: readonly Dated[], of: string): MemberEventType[] =>
  events.flatMap(({ event }) =>
    event.type === 'members' && event.event.members.some((member) => member.name === of)
      ? [event.event.type]
      : [],
  )

test('of every member what is told last is what happened last', () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 40 }), (happenings) => {
      const { heard, told } = run(happenings)
      for (const of of ['ann', 'bob', 'cat']) {
        // Of whom nothing was told, nothing is known, as of the forgotten.
        const [last = 'member-reap', lastTold = 'member-reap'] = [
          typesOf(heard, of).at(-1),
          typesOf(told, of).at(-1),
        ]
        expect(lastTold).toBe(last)
        expect(typesOf(told, of).length).toBeLessThanOrEqual(typesOf(heard, of).length)
      }
    }),
  )
})

test('a user event is told once, in time, or a newer one of its name is', () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 40 }), (happenings) => {
      const { heard, told } = run(happenings)
      for (const { event, atMs } of heard) {
        if (event.type !== 'user-event') continue
        const itself = told.filter((one) => one.event === event)
        if (!event.coalesce) {
          expect(itself).toEqual([{ event, atMs }])
          continue
        }
        expect(itself.length).toBeLessThanOrEqual(1)
        const inTime = told.filter((one) => {
          if (one.event.type !== 'user-event' || one.event.name !== event.name) return false
          return one.atMs >= atMs && one.atMs <= atMs + PERIODS.userCoalescePeriodMs
        })
        const atLeast = inTime.map((one) =>
          one.event.type === 'user-event' ? one.event.ltime : 0n,
        )
        expect(atLeast.some((ltime) => ltime >= event.ltime)).toBe(true)
      }
    }),
  )
})
