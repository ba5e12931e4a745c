import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TimeTally } from '../../../packages/libring/src/base/time-tally.ts'

test('knows the soonest time that anybody waits for', () => {
  const time = fc.option(fc.integer({ min: 0, max: 6 }), { nil: undefined })
  const move = fc.record({ who: fc.integer({ min: 0, max: 4 }), to: time, isAsked: fc.boolean() })
  fc.assert(
    fc.property(fc.array(move, { maxLength: 60 }), (moves) => {
      const tally = new TimeTally()
      const waiting = new Map<number, number>()
      for (const { who, to, isAsked } of moves) {
        tally.move(waiting.get(who), to)
        if (to === undefined) waiting.delete(who)
        else waiting.set(who, to)
        if (!isAsked) continue
        const soonest = waiting.size === 0 ? undefined : Math.min(...waiting.values())
        expect(tally.soonestMs()).toBe(soonest)
      }
    }),
  )
})
