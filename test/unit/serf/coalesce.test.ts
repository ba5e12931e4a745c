import { beforeEach, describe, expect, test } from 'vitest'
import type { Member, MemberEventType } from '../../../packages/libring/src/base/member.ts'
import {
  EventCoalescer,
  WAITING_BYTES_MAX,
  WAITING_MAX,
  type CoalesceInput,
} from '../../../packages/libring/src/serf/coalesce.ts'
import { resolveSerfOptions } from '../../../packages/libring/src/serf/options.ts'

// The periods of an agent.
const PERIODS = {
  coalescePeriodMs: 3_000,
  quiescentPeriodMs: 1_000,
  userCoalescePeriodMs: 3_000,
  userQuiescentPeriodMs: 1_000,
}

let coalescer: EventCoalescer

beforeEach(() => {
  coalescer = new EventCoalescer(PERIODS)
})

const member = (name: string, tags: Record<string, string> = {}): Member => {
  return { name, host: '10.0.0.1', port: 7946, tags, status: 'alive' }
}

const members = (type: MemberEventType, ...names: string[]): CoalesceInput => {
  return { type: 'members', event: { type, members: names.map((name) => member(name)) } }
}

const userEvent = (name: string, ltime: bigint, text = '', coalesce = true): CoalesceInput => {
  return { type: 'user-event', name, ltime, payload: new TextEncoder().encode(text), coalesce }
}

/** What is told now, a line each. */
function told(): string[] {
  const lines: string[] = []
  for (let event = coalescer.poll(); event !== undefined; event = coalescer.poll()) {
    lines.push(
      event.type === 'members'
        ? `${event.event.type}: ${event.event.members.map(({ name }) => name).join(' ')}`
        : `${event.name} ${event.ltime} ${new TextDecoder().decode(event.payload)}`,
    )
  }
  return lines
}

function at(nowMs: number, ...inputs: readonly CoalesceInput[]): string[] {
  for (const input of inputs) coalescer.handle(input, nowMs)
  return told()
}

function tick(nowMs: number): string[] {
  coalescer.tick(nowMs)
  return told()
}

describe('a window', () => {
  test('is over once nothing came for a while', () => {
    expect(at(0, members('member-join', 'ann'))).toEqual([])
    expect(at(900, members('member-join', 'bob'))).toEqual([])
    expect(coalescer.deadlineMs()).toBe(1_900)
    expect(tick(1_899)).toEqual([])
    expect(tick(1_900)).toEqual(['member-join: ann bob'])
    expect(coalescer.deadlineMs()).toBeUndefined()
  })

  test('is not put off for ever by what comes', () => {
    for (let nowMs = 0; nowMs < 3_000; nowMs += 500) {
      expect(at(nowMs, members('member-join', `member-${nowMs}`))).toEqual([])
    }
    expect(coalescer.deadlineMs()).toBe(3_000)
    expect(tick(3_000)).toHaveLength(1)
  })

  test('that ended unnoticed is told before what comes next, which opens another', () => {
    at(0, members('member-join', 'ann'))
    expect(at(60_000, members('member-join', 'bob'))).toEqual(['member-join: ann'])
    expect(coalescer.deadlineMs()).toBe(61_000)
  })

  test('there is one for members and one for user events', () => {
    at(0, members('member-join', 'ann'))
    at(500, userEvent('deploy', 1n))
    expect(tick(1_000)).toEqual(['member-join: ann'])
    expect(coalescer.deadlineMs()).toBe(1_500)
    expect(tick(1_500)).toEqual(['deploy 1 '])
  })

  test('is closed by a flush', () => {
    at(0, members('member-join', 'ann'), userEvent('deploy', 1n))
    expect(at(1, { type: 'flush' })).toEqual(['member-join: ann', 'deploy 1 '])
    expect(coalescer.deadlineMs()).toBeUndefined()
  })
})

describe('of members', () => {
  test('each type is told once, for all whom it befell last', () => {
    at(0, members('member-join', 'ann', 'bob', 'cat'))
    at(10, members('member-failed', 'ann'), members('member-leave', 'cat'))
    expect(tick(1_010)).toEqual(['member-join: bob', 'member-failed: ann', 'member-leave: cat'])
  })

  test('what was told last is not told again', () => {
    at(0, members('member-join', 'ann'))
    tick(1_000)
    at(2_000, members('member-failed', 'ann'), members('member-join', 'ann'))
    expect(tick(3_000)).toEqual([])
    at(4_000, members('member-failed', 'ann'))
    expect(tick(5_000)).toEqual(['member-failed: ann'])
  })

  test('but for updates, which are told each time, as the member is then', () => {
    for (const nowMs of [0, 2_000]) {
      at(nowMs, members('member-update', 'ann'))
      const event = { type: 'member-update', members: [member('ann', { at: `${nowMs}` })] } as const
      at(nowMs, { type: 'members', event })
      coalescer.tick(nowMs + 1_000)
      expect(coalescer.poll()).toEqual({ type: 'members', event })
    }
  })

  test('whoever came and was forgotten in between was never there', () => {
    at(0, members('member-join', 'ann'), members('member-reap', 'ann'))
    expect(tick(1_000)).toEqual([])
    at(2_000, members('member-join', 'ann'))
    expect(tick(3_000)).toEqual(['member-join: ann'])
    at(4_000, members('member-reap', 'ann'))
    expect(tick(5_000)).toEqual(['member-reap: ann'])
  })
})

describe('of user events', () => {
  test('the latest of each name are told', () => {
    at(0, userEvent('deploy', 5n, 'v2'), userEvent('deploy', 4n, 'v1'), userEvent('other', 1n))
    at(10, userEvent('deploy', 6n, 'v3'), userEvent('deploy', 6n, 'v3 too'))
    expect(tick(1_010)).toEqual(['other 1 ', 'deploy 6 v3', 'deploy 6 v3 too'])
  })

  test('those that do not coalesce are told at once, before what waits', () => {
    at(0, userEvent('deploy', 1n))
    expect(at(10, userEvent('deploy', 2n, 'now', false))).toEqual(['deploy 2 now'])
    expect(tick(1_000)).toEqual(['deploy 1 '])
  })
})

describe('what waits is bounded', () => {
  test('in members', () => {
    for (let i = 0; i < WAITING_MAX; i++) {
      expect(at(0, members('member-join', `member-${i}`))).toEqual([])
    }
    expect(at(0, members('member-join', 'one too many'))).toHaveLength(1)
    expect(coalescer.deadlineMs()).toBeUndefined()
  })

  test('in user events', () => {
    for (let i = 0; i < WAITING_MAX; i++) expect(at(0, userEvent(`event-${i}`, 1n))).toEqual([])
    expect(at(0, userEvent('one too many', 1n))).toHaveLength(WAITING_MAX + 1)
  })

  test('in bytes, of which superfluous events have none', () => {
    const long = 'x'.repeat(WAITING_BYTES_MAX / 2)
    for (let ltime = 1n; ltime < 9n; ltime++) {
      expect(at(0, userEvent('a', ltime, long.slice(1)))).toEqual([])
    }
    expect(at(0, userEvent('b', 1n, long))).toHaveLength(2)
  })
})

test.each([
  [{}, true, true],
  [{ coalescePeriodMs: 3_000, quiescentPeriodMs: 1_000 }, false, true],
  [{ userCoalescePeriodMs: 3_000, userQuiescentPeriodMs: 1_000 }, true, false],
])(
  'where only %o is given the rest is told at once',
  (options, membersAtOnce, userEventsAtOnce) => {
    coalescer = new EventCoalescer(resolveSerfOptions(options))
    expect(at(0, members('member-join', 'ann'))).toHaveLength(membersAtOnce ? 1 : 0)
    expect(at(0, userEvent('deploy', 1n))).toHaveLength(userEventsAtOnce ? 1 : 0)
  },
)

test.each([
  [{ coalescePeriodMs: 1 }, 'quiescentPeriodMs', 'above 0 where coalescePeriodMs is'],
  [{ quiescentPeriodMs: 1 }, 'coalescePeriodMs', 'above 0 where quiescentPeriodMs is'],
  [{ userCoalescePeriodMs: 1 }, 'userQuiescentPeriodMs', 'above 0 where userCoalescePeriodMs is'],
  [{ userQuiescentPeriodMs: 1 }, 'userCoalescePeriodMs', 'above 0 where userQuiescentPeriodMs is'],
  [{ coalescePeriodMs: -1, quiescentPeriodMs: 1 }, 'coalescePeriodMs', 'a whole number'],
])('%o is refused: %s %s', (options, option, rule) => {
  const refused = () => resolveSerfOptions(options, 'serf.')
  expect(refused).toThrow(`serf.${option}`)
  expect(refused).toThrow(rule)
})
