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

describe('a member that has left', () => {
  const told = { type: 'push-pull', ltime: 1n, eventLTime: 0n, queryLTime: 0n, events: [] } as const

  /** Somebody who knows that ann left at 18, and has heard that it joined again at 34. */
  function behind(): Attendance {
    const attendance = new Attendance('self')
    attendance.up(found, 0)
    attendance.leave({ node: 'ann', ltime: 18n, prune: false }, 0)
    attendance.down('ann', 0)
    expect(attendance.join({ node: 'ann', ltime: 34n }, 0)).toEqual({ rebroadcast: true })
    expect(attendance.join({ node: 'ann', ltime: 34n }, 0)).toEqual({})
    return attendance
  }

  test('is not said to leave once more by who has yet to see that it is back', () => {
    const { member, statusLTime } = behind().roster.get('ann')!
    const ahead = new Attendance('other')
    ahead.up(found, 0)
    ahead.join({ node: 'ann', ltime: 34n }, 0)
    const statusLTimes = new Map([['ann', statusLTime]])
    expect(member.status).toBe('left')
    expect(ahead.merge({ ...told, leftMembers: ['ann'], statusLTimes }, 0).events).toEqual([])
    expect(ahead.roster.get('ann')?.member.status).toBe('alive')
  })

  test('stays at the time of its farewell, however often two tell each other of it', () => {
    const [left, right] = [behind(), behind()]
    for (let i = 0; i < 5; i++) {
      for (const [from, to] of [
        [left, right],
        [right, left],
      ] as const) {
        const statusLTimes = new Map([['ann', from.roster.get('ann')!.statusLTime]])
        to.merge({ ...told, leftMembers: ['ann'], statusLTimes }, 0)
      }
    }
    const times = [left, right].map(({ roster }) => roster.get('ann')?.statusLTime)
    expect(times).toEqual([18n, 18n])
  })

  test('is known by its new intent from the moment it is seen again', () => {
    const attendance = behind()
    attendance.up(found, 0)
    attendance.leave({ node: 'ann', ltime: 20n, prune: false }, 0)
    const { member, statusLTime } = attendance.roster.get('ann')!
    expect([member.status, statusLTime]).toEqual(['alive', 34n])
  })
})
