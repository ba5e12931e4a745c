import { describe, expect, test } from 'vitest'
import { Takes } from '../../../packages/libring/src/ownership/handoff.ts'
import type { AnswerGroup, Standing } from '../../../packages/libring/src/ownership/messages.ts'

const HANDOFF_MS = 4_000
const STUCK_MS = 10_000

function takes(concurrentHandoffs = 2, localName = 'bob'): Takes {
  const times = { handoffTimeoutMs: HANDOFF_MS, stuckMs: STUCK_MS }
  return new Takes({ localName, ...times, concurrentHandoffs })
}

function says(standing: Standing, partitions: readonly number[], attempt = 1): AnswerGroup[] {
  return [{ attempt, standing, partitions }]
}

/** Whom it asks for what now. */
function asked(its: Takes, nowMs: number): Record<string, readonly (readonly number[])[]> {
  const { asks } = its.advance(nowMs)
  return Object.fromEntries(
    asks.map(({ to, groups }) => [to, groups.map(({ partitions }) => partitions)]),
  )
}

test('a take that waits for long is told of once, unless somebody is known to hold it', () => {
  const its = takes()
  its.ask(['ann'], 0)
  its.begin([4, 5], 0)
  its.answer('ann', says('holding', [5]), 'agree')
  its.hear('ann')
  expect(its.advance(STUCK_MS - 1).stuck).toEqual([])
  its.hear('ann')
  expect(its.advance(STUCK_MS).stuck).toEqual([4])
  its.hear('ann')
  expect(its.advance(3 * STUCK_MS).stuck).toEqual([])
})

test('what nobody could hold is free at once', () => {
  const its = takes()
  its.begin([4, 2], 0)
  expect(its.advance(0)).toMatchObject({ asks: [], free: [4, 2], overrides: [], stuck: [] })
})

test('what somebody says to hold is not free any more, whatever it answered before', () => {
  const its = takes()
  its.ask(['ann', 'cat'], 0)
  its.begin([1], 0)
  its.advance(0)
  its.answer('ann', says('none', [1]), 'agree')
  its.reopen('ann', 1, 100)
  its.answer('cat', says('none', [1]), 'agree')
  expect(its.advance(100)).toMatchObject({ asks: [{ to: 'ann' }], free: [] })
  its.answer('ann', says('none', [1]), 'agree')
  expect(its.advance(200).free).toEqual([1])
  for (const name of ['ann', 'eve']) its.reopen(name, 2, 300)
  expect(its.advance(300).asks).toEqual([])
})

test('a partition that is being taken is served by whoever says so, until that one lets go', () => {
  const its = takes()
  its.ask(['ann'], 0)
  expect(its.servedBy(1)).toBeUndefined()
  its.begin([1], 0)
  expect(its.servedBy(1)).toBeUndefined()
  its.answer('ann', says('holding', [1]), 'agree')
  expect(its.servedBy(1)).toBe('ann')
  its.answer('ann', says('letting-go', [1]), 'agree')
  expect(its.servedBy(1)).toBeUndefined()
})

describe('a partition is free', () => {
  test('once everybody said to have nothing to do with it', () => {
    const its = takes()
    its.ask(['ann', 'cat'], 0)
    its.begin([1, 2], 0)
    expect(asked(its, 0)).toEqual({ ann: [[1, 2]], cat: [[1, 2]] })
    its.answer('ann', says('none', [1, 2]), 'agree')
    its.answer('cat', says('none', [2]), 'agree')
    expect(its.advance(1).free).toEqual([2])
  })

  test('once whoever did not answer is gone', () => {
    const its = takes()
    its.ask(['ann', 'cat'], 0)
    its.begin([1], 0)
    its.answer('ann', says('none', [1]), 'agree')
    its.spare(['cat'])
    expect(its.advance(1).free).toEqual([1])
  })

  test('only after those that became known meanwhile have answered as well', () => {
    const its = takes()
    its.ask(['ann'], 0)
    its.begin([1], 0)
    its.answer('ann', says('none', [1]), 'agree')
    its.ask(['ann', 'cat'], 1)
    expect(its.advance(1)).toMatchObject({ asks: [{ to: 'cat' }], free: [] })
  })

  test('by no answer to an earlier attempt', () => {
    const its = takes()
    its.ask(['ann'], 0)
    its.begin([1], 0)
    its.end(1, 0)
    its.begin([1], 0)
    its.answer('ann', says('none', [1], 1), 'agree')
    expect(its.advance(0).free).toEqual([])
    its.answer('ann', says('none', [1], 2), 'agree')
    expect(its.advance(0).free).toEqual([1])
  })

  test('by an answer out of another view only once the two have exchanged members', () => {
    const its = takes()
    its.ask(['ann'], 0)
    its.begin([1], 0)
    its.answer('ann', says('none', [1]), 'differ')
    expect(its.advance(0)).toMatchObject({ exchanges: ['ann'], free: [] })
    its.exchanged('ann', 'done', 0)
    expect(its.advance(0)).toMatchObject({ exchanges: [], free: [1] })
  })

  test('by no such answer that came while they were at it already', () => {
    const its = takes()
    its.ask(['ann'], 0)
    its.begin([1, 2], 0)
    its.answer('ann', says('none', [1]), 'differ')
    expect(its.advance(0).exchanges).toEqual(['ann'])
    its.answer('ann', says('none', [1, 2]), 'differ')
    expect(its.advance(10).exchanges).toEqual([])
    its.exchanged('ann', 'done', 20)
    // Most likely they agree by now.
    expect(its.advance(20)).toMatchObject({ asks: [{ to: 'ann' }], exchanges: [], free: [1] })
    its.answer('ann', says('none', [2]), 'differ')
    expect(its.advance(30)).toMatchObject({ exchanges: [], free: [] })
    expect(its.advance(1_000).exchanges).toEqual(['ann'])
    its.exchanged('ann', 'done', 1_010)
    expect(its.advance(1_010).free).toEqual([2])
  })

  test('by no exchange that failed, or that was not asked for', () => {
    const its = takes()
    its.ask(['ann'], 0)
    its.begin([1], 0)
    its.answer('ann', says('none', [1]), 'differ')
    its.exchanged('ann', 'done', 0)
    expect(its.advance(0)).toMatchObject({ exchanges: ['ann'], free: [] })
    its.exchanged('ann', 'failed', 500)
    expect(its.advance(500)).toMatchObject({ exchanges: [], free: [] })
    expect(its.advance(1_000).exchanges).toEqual(['ann'])
    its.exchanged('ann', 'done', 1_010)
    expect(its.advance(1_010).free).toEqual([1])
  })

  test('by no exchange that began before its member was lost and found', () => {
    const its = takes()
    its.ask(['ann', 'cat'], 0)
    its.begin([1], 0)
    its.answer('ann', says('none', [1]), 'differ')
    expect(its.advance(0).exchanges).toEqual(['ann'])
    its.spare(['ann'])
    its.spare(['cat'])
    its.ask(['ann'], 5)
    its.answer('ann', says('none', [1]), 'differ')
    // One at a time: the first one would be taken for the second.
    expect(its.advance(2_000).exchanges).toEqual([])
    its.exchanged('ann', 'done', 2_010)
    expect(its.advance(2_010)).toMatchObject({ exchanges: ['ann'], free: [] })
    its.exchanged('ann', 'done', 2_020)
    expect(its.advance(2_020).free).toEqual([1])
  })

  test('by no such answer of one that says that it holds it since then', () => {
    const its = takes()
    its.ask(['ann'], 0)
    its.begin([1], 0)
    its.answer('ann', says('none', [1]), 'differ')
    its.advance(0)
    its.reopen('ann', 1, 5)
    its.exchanged('ann', 'done', 10)
    expect(its.advance(10).free).toEqual([])
  })

  test('not by an exchange alone', () => {
    const its = takes()
    its.ask(['ann'], 0)
    its.begin([1], 0)
    its.answer('ann', says('none', [1]), 'differ')
    its.advance(0)
    its.answer('ann', says('holding', [1]), 'differ')
    its.exchanged('ann', 'done', 0)
    expect(its.advance(0).free).toEqual([])
  })
})

describe('questions', () => {
  test('are repeated until they are answered', () => {
    const its = takes()
    its.ask(['ann'], 0)
    its.begin([1], 0)
    its.advance(0)
    expect(its.deadlineMs()).toBe(1_000)
    expect(asked(its, 999)).toEqual({})
    expect(asked(its, 1_000)).toEqual({ ann: [[1]] })
    its.answer('ann', says('none', [1]), 'agree')
    expect(its.deadlineMs()).toBe(STUCK_MS)
  })

  test('are withdrawn when they are of no use any more', () => {
    const its = takes()
    its.ask(['ann'], 0)
    its.begin([1], 0)
    its.advance(0)
    its.end(1, 5)
    expect(asked(its, 5)).toEqual({ ann: [] })
    expect(its.deadlineMs()).toBeUndefined()
  })
})

describe('silence', () => {
  test('counts as an answer after as many questions as fit into the time', () => {
    const its = takes()
    its.ask(['ann'], 0)
    its.begin([1], 0)
    for (let nowMs = 0; nowMs < HANDOFF_MS; nowMs += 1_000) {
      expect(its.advance(nowMs)).toMatchObject({ free: [], overrides: [], stuck: [] })
    }
    const overrides = [{ why: 'silent', member: 'ann', partitions: [1] }]
    expect(its.advance(HANDOFF_MS)).toMatchObject({ asks: [], free: [1], overrides, stuck: [] })
  })

  test('is as long however often more is asked for meanwhile', () => {
    const its = takes()
    its.ask(['ann'], 0)
    let partition = 0
    for (let nowMs = 0; nowMs < HANDOFF_MS; nowMs += 100) {
      its.begin([partition++], nowMs)
      expect(its.advance(nowMs)).toMatchObject({ asks: [{ to: 'ann' }], overrides: [] })
    }
    const [override] = its.advance(HANDOFF_MS).overrides
    expect(override).toMatchObject({ why: 'silent', member: 'ann' })
    expect(override!.partitions).toHaveLength(partition)
  })

  test('has it seen, after every second question, whether the member knows us at all', () => {
    const its = takes()
    its.ask(['ann', 'bob'], 0)
    its.begin([1], 0)
    const unheard = (nowMs: number): readonly string[] => {
      const { exchanges } = its.advance(nowMs)
      its.hear('bob')
      for (const name of exchanges) its.exchanged(name, 'done', nowMs)
      return exchanges
    }
    expect([unheard(0), unheard(1_000), unheard(2_000)]).toEqual([[], ['ann'], []])
    its.hear('ann')
    expect([unheard(3_000), unheard(4_000), unheard(5_000)]).toEqual([[], ['ann'], []])
  })

  test('is no silence after a word of any kind', () => {
    const its = takes()
    its.ask(['ann'], 0)
    its.begin([1], 0)
    for (let nowMs = 0; nowMs < 10 * HANDOFF_MS; nowMs += 1_000) {
      expect(its.advance(nowMs).free).toEqual([])
      its.hear('ann')
    }
  })

  test('of a process that was stopped itself is not that of the others', () => {
    const its = takes()
    its.ask(['ann'], 0)
    its.begin([1], 0)
    its.advance(0)
    expect(its.advance(1_000 * HANDOFF_MS).free).toEqual([])
  })
})

describe('of two that wait for each other', () => {
  function waitForEachOther(localName: string, nowMs: number): Takes {
    const its = takes(2, localName)
    its.ask(['ann', 'cat'], 0)
    its.begin([1], 0)
    its.answer(localName === 'ann' ? 'cat' : 'ann', says('none', [1]), 'agree')
    for (let atMs = 0; atMs <= nowMs; atMs += 1_000) {
      its.answer('cat', says('waiting', [1]), 'agree')
      its.hear('cat')
      its.hear('ann')
      its.advance(atMs)
    }
    return its
  }

  test('the smaller name goes first, in time', () => {
    const its = waitForEachOther('bob', HANDOFF_MS - 1_000)
    const overrides = [{ why: 'deadlock', member: 'cat', partitions: [1] }]
    expect(its.advance(HANDOFF_MS)).toMatchObject({ free: [1], overrides, stuck: [] })
  })

  test('the greater name waits on', () => {
    const its = waitForEachOther('dan', 10 * HANDOFF_MS)
    expect(its.has(1)).toBe(true)
    expect(its.advance(10 * HANDOFF_MS + 1_000).free).toEqual([])
  })

  test('neither goes first where one does not wait', () => {
    const its = takes()
    its.ask(['cat'], 0)
    its.begin([1], 0)
    for (let nowMs = 0; nowMs <= 10 * HANDOFF_MS; nowMs += 1_000) {
      its.hear('cat')
      its.answer('cat', says('taking', [1]), 'agree')
      expect(its.advance(nowMs).free).toEqual([])
    }
  })

  test('a take that is stuck gives back the answer of another taker', () => {
    const its = takes()
    its.ask(['ann', 'cat'], 0)
    its.begin([1], 0)
    its.answer('ann', says('none', [1]), 'agree')
    its.giveBack('ann', 1, HANDOFF_MS - 1)
    expect(its.isWaitingFor('ann', 1)).toBe(false)
    its.giveBack('ann', 1, HANDOFF_MS)
    expect(its.isWaitingFor('ann', 1)).toBe(true)
    its.answer('cat', says('none', [1]), 'agree')
    expect(its.advance(HANDOFF_MS).free).toEqual([])
  })
})

describe('holders', () => {
  /** Partitions that holders are asked to let go of. */
  function toLetGo(its: Takes, nowMs: number): readonly number[] {
    const groups = its.advance(nowMs).asks.flatMap((ask) => ask.groups)
    return groups.filter(({ letGo }) => letGo).flatMap(({ partitions }) => partitions)
  }

  function held(partitions: readonly number[], concurrentHandoffs: number): Takes {
    const its = takes(concurrentHandoffs)
    its.ask(['ann'], 0)
    its.begin(partitions, 0)
    its.advance(0)
    its.answer('ann', says('holding', partitions), 'agree')
    return its
  }

  test('are asked at once to let go, of so many partitions at a time', () => {
    const its = held([1, 2, 3], 2)
    expect(toLetGo(its, 1)).toEqual([1, 2])
    its.answer('ann', says('none', [1]), 'agree')
    expect(its.advance(2).free).toEqual([1])
    its.end(1, 2)
    expect(toLetGo(its, 3)).toEqual([2, 3])
  })

  test('that do not let go make room for others in time', () => {
    const its = held([1, 2], 1)
    expect(toLetGo(its, 1)).toEqual([1])
    its.hear('ann')
    expect(toLetGo(its, HANDOFF_MS + 1)).toEqual([2])
  })

  test('that are at it keep their place', () => {
    const its = held([1, 2], 1)
    expect(toLetGo(its, 1)).toEqual([1])
    its.answer('ann', says('letting-go', [1]), 'agree')
    its.hear('ann')
    expect(toLetGo(its, HANDOFF_MS + 1)).toEqual([1])
  })

  test('that were asked before all is asked anew keep their place, and nobody else gets one', () => {
    const its = held([1, 2, 3], 2)
    its.advance(1)
    its.restart(2)
    expect(toLetGo(its, 2)).toEqual([1, 2])
    its.answer('ann', says('holding', [3], 2), 'agree')
    expect(toLetGo(its, 1_002)).toEqual([1, 2])
    its.answer('ann', says('none', [1], 2), 'agree')
    its.end(1, 1_003)
    expect(toLetGo(its, 1_003)).toEqual([2, 3])
  })

  test('do not hold up partitions that nobody holds', () => {
    const its = held([1, 2], 1)
    its.begin([7, 8], 1)
    its.answer('ann', says('none', [7, 8], 2), 'agree')
    expect(its.advance(1).free).toEqual([7, 8])
  })
})
