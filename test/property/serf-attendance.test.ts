import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Attendance } from '../../packages/libring/src/serf/attendance.ts'

const intent = fc.record({
  type: fc.constantFrom('join' as const, 'leave' as const),
  ltime: fc.bigInt(1n, 1_000n),
})
const intents = fc.uniqueArray(intent, { selector: ({ ltime }) => ltime, maxLength: 12 })
const found = { name: 'ann', host: '127.0.0.2', port: 7946, tags: {} }

describe('intents about a member that is there', () => {
  test('in whatever order they come, the newest decides', () => {
    fc.assert(
      fc.property(intents, (heard) => {
        const attendance = new Attendance('self')
        attendance.up(found, 0)
        for (const { type, ltime } of heard) {
          attendance[type]({ node: 'ann', ltime, prune: false }, 0)
        }
        const newest = heard.toSorted((a, b) => Number(b.ltime - a.ltime))[0]
        const entry = attendance.roster.get('ann')
        expect(entry?.member.status).toBe(newest?.type === 'leave' ? 'leaving' : 'alive')
        expect(entry?.statusLTime).toBe(newest?.ltime ?? 0n)
      }),
      { seed: 4, numRuns: 300 },
    )
  })

  test('it is the same whether they come before or after the member itself', () => {
    fc.assert(
      fc.property(intents, (heard) => {
        const [early, late] = [new Attendance('self'), new Attendance('self')]
        late.up(found, 0)
        for (const attendance of [early, late]) {
          for (const { type, ltime } of heard) {
            attendance[type]({ node: 'ann', ltime, prune: false }, 0)
          }
        }
        early.up(found, 0)
        expect(early.roster.get('ann')).toEqual(late.roster.get('ann'))
      }),
      { seed: 4, numRuns: 300 },
    )
  })

  test('each is passed along at most once, so that no two nodes can keep one going', () => {
    fc.assert(
      fc.property(fc.array(intent, { maxLength: 40 }), (heard) => {
        const attendance = new Attendance('self')
        attendance.up(found, 0)
        const passed = heard.filter(({ type, ltime }) => {
          return attendance[type]({ node: 'ann', ltime, prune: false }, 0).rebroadcast === true
        })
        const times = passed.map(({ ltime }) => ltime)
        expect(times).toEqual([...new Set(times)].sort((a, b) => Number(a - b)))
      }),
      { seed: 4, numRuns: 300 },
    )
  })
})
