import { beforeEach, describe, expect, test } from 'vitest'
import { AWAY_MAX, AwayList } from '../../../packages/libring/src/ownership/away.ts'

const ann = { name: 'ann', weight: 2, zone: 'a' }
const bob = { name: 'bob', weight: 1, zone: '' }

let list: AwayList

beforeEach(() => {
  list = new AwayList(60_000)
})

/** Who is away, and for how much longer. */
function shown(of: AwayList, nowMs: number): readonly string[] {
  return of.export(nowMs).map(({ name, incarnation, leftMs }) => `${name} ${incarnation} ${leftMs}`)
}

describe('a member that went and may come back', () => {
  test('is away until its time is over', () => {
    expect(list.leave(ann, 3, 1_000)).toBe(true)
    expect(list.homes()).toEqual([ann])
    expect(list.deadlineMs()).toBe(61_000)
    expect(list.expire(60_999)).toBe(false)
    expect(list.expire(61_000)).toBe(true)
    expect([list.homes(), list.deadlineMs()]).toEqual([[], undefined])
  })

  test('has no more time for being seen to go again', () => {
    list.leave(ann, 3, 1_000)
    expect(list.leave(ann, 3, 9_000)).toBe(false)
    expect(list.leave(ann, 2, 9_000)).toBe(false)
    expect(list.deadlineMs()).toBe(61_000)
  })

  test('has its time anew once it was back', () => {
    list.leave(ann, 3, 1_000)
    list.expire(61_000)
    expect(list.leave(ann, 3, 70_000)).toBe(false)
    expect(list.leave(ann, 4, 70_000)).toBe(true)
    expect(list.deadlineMs()).toBe(130_000)
    expect(list.arrive('ann')).toBe(true)
    expect(list.homes()).toEqual([])
    expect(list.leave(ann, 1, 80_000)).toBe(true)
  })

  test('is away no more once it left for good', () => {
    list.leave(ann, 3, 1_000)
    expect(list.end('ann', 3)).toBe(true)
    expect(list.homes()).toEqual([])
    expect(list.leave(ann, 3, 2_000)).toBe(false)
    expect(list.end('bob', 1)).toBe(false)
    expect(list.leave(bob, 1, 2_000)).toBe(false)
  })

  test('is away no more once it is forgotten, and that is forgotten after a while', () => {
    list.leave(ann, 3, 1_000)
    expect(list.forget('ann', 2_000)).toBe(true)
    list.end('bob', 5)
    expect(list.forget('bob', 2_000)).toBe(false)
    expect(list.merge([{ ...ann, incarnation: 3, leftMs: 1 }], 3_000).changed).toBe(false)
    expect(list.expire(62_000)).toBe(false)
    expect(list.deadlineMs()).toBeUndefined()
    expect(list.leave(ann, 3, 62_000)).toBe(true)
    expect(list.leave(bob, 5, 62_000)).toBe(true)
  })
})

describe('the list of another member', () => {
  const entry = { ...ann, incarnation: 3, leftMs: 20_000 }

  test('tells of who went before we came', () => {
    expect(list.merge([entry], 1_000)).toEqual({ changed: true, corrections: [] })
    expect(shown(list, 2_000)).toEqual(['ann 3 19000'])
  })

  test('leaves nobody more time than it has, nor than anybody may have', () => {
    list.leave(ann, 3, 1_000)
    list.leave(bob, 1, 1_000)
    const { changed } = list.merge([entry, { ...bob, incarnation: 1, leftMs: 59_999_999 }], 1_000)
    expect(changed).toBe(false)
    expect(shown(list, 1_000)).toEqual(['ann 3 20000', 'bob 1 60000'])
    list.merge([{ name: 'eve', weight: 1, zone: '', incarnation: 1, leftMs: 4_000_000_000 }], 1_000)
    expect(shown(list, 1_000).at(-1)).toBe('eve 1 60000')
  })

  test('ends the time of who has had it', () => {
    list.leave(ann, 3, 1_000)
    expect(list.merge([{ ...entry, leftMs: 0 }], 2_000)).toEqual({ changed: true, corrections: [] })
    expect(list.leave(ann, 3, 3_000)).toBe(false)
  })

  test('does not begin anew with a death that is told once more, after somebody took it for alive', () => {
    list.leave(ann, 3, 1_000)
    list.expire(61_000)
    expect(list.arrive('ann')).toBe(false)
    expect(list.leave(ann, 3, 62_000)).toBe(false)
    expect(list.homes()).toEqual([])
    list.arrive('ann')
    expect(list.leave(ann, 4, 63_000)).toBe(true)
  })

  test('says nothing of who is here', () => {
    list.arrive('ann')
    expect(list.merge([entry], 1_000)).toEqual({ changed: false, corrections: [] })
    expect(list.homes()).toEqual([])
  })

  test('is corrected about a time that is over', () => {
    list.leave(ann, 3, 1_000)
    list.expire(61_000)
    const { changed, corrections } = list.merge([entry], 62_000)
    expect([changed, corrections]).toEqual([false, [{ ...entry, leftMs: 0 }]])
    expect(list.homes()).toEqual([])
    expect(list.merge(corrections, 63_000)).toEqual({ changed: false, corrections: [] })
  })

  test('is corrected about a later absence, and believed about one', () => {
    list.leave(ann, 4, 1_000)
    const { corrections } = list.merge([entry], 2_000)
    expect(corrections).toEqual([{ ...ann, incarnation: 4, leftMs: 59_000 }])
    expect(list.merge([{ ...entry, incarnation: 5 }], 2_000).corrections).toEqual([])
    expect(shown(list, 2_000)).toEqual(['ann 5 20000'])
  })

  test('that differs in weight or zone comes to the same for both', () => {
    const other = new AwayList(60_000)
    const heavier = { ...ann, weight: 3, zone: '' }
    list.leave(ann, 3, 0)
    other.leave(heavier, 3, 0)
    expect(other.merge(list.export(0), 0).changed).toBe(true)
    expect(list.merge([{ ...heavier, incarnation: 3, leftMs: 60_000 }], 0).changed).toBe(false)
    expect(other.homes()).toEqual(list.homes())
    expect(list.merge([{ ...ann, zone: '', incarnation: 3, leftMs: 1 }], 0).changed).toBe(true)
    expect(list.homes()).toEqual([{ ...ann, zone: '' }])
  })

  test('of a time that is over and of whom nothing is known is not kept', () => {
    list.merge([{ ...entry, leftMs: 0 }], 1_000)
    expect(list.leave(ann, 3, 1_000)).toBe(true)
  })
})

test('without grace nobody is ever away', () => {
  const none = new AwayList(0)
  expect(none.leave(ann, 1, 0)).toBe(false)
  expect(none.end('bob', 1)).toBe(false)
  expect(none.merge([{ ...ann, incarnation: 1, leftMs: 9 }], 0)).toEqual({
    changed: false,
    corrections: [],
  })
  expect([none.homes(), none.deadlineMs()]).toEqual([[], undefined])
})

test('of too many the oldest go, those first whose time is over', () => {
  list.leave(ann, 1, 0)
  list.end('bob', 1)
  for (let i = 0; i < AWAY_MAX - 1; i++) list.leave({ ...bob, name: `x${i}` }, 1, 0)
  expect(list.homes()).toHaveLength(AWAY_MAX)
  list.leave({ ...bob, name: 'last' }, 1, 0)
  const names = new Set(list.homes().map(({ name }) => name))
  expect([names.size, names.has('ann'), names.has('last')]).toEqual([AWAY_MAX, false, true])
})
