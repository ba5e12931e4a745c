import { describe, expect, test } from 'vitest'
import { Absences } from '../../../packages/libring/src/ownership/absences.ts'
import {
  AWAY_ENTRIES_MAX,
  type AwayEntry,
  type AwayMessage,
} from '../../../packages/libring/src/ownership/messages.ts'
import { resolveOwnershipOptions } from '../../../packages/libring/src/ownership/options.ts'
import { aClusterMember } from '../../support/ownership.ts'

const HEADER = { type: 'away', life: 1n, seq: 1, clock: 1n, digest: 1, space: 1 } as const

function someAbsences(graceMs = 60_000): Absences {
  return new Absences(resolveOwnershipOptions({ graceMs }))
}

function aMessage(entries: readonly AwayEntry[], fields: Partial<AwayMessage> = {}): AwayMessage {
  return { ...HEADER, asks: false, isInformed: true, entries, ...fields }
}

/** These failed, just now. */
function fail(absences: Absences, ...names: readonly string[]): void {
  const candidacies = names.map((name) => {
    return { name, member: undefined, absence: { incarnation: 1, home: aClusterMember(name) } }
  })
  absences.observe('member-failed', candidacies, 0)
}

const ann = { name: 'ann', weight: 1, zone: '', incarnation: 1, leftMs: 60_000 }

describe('another member', () => {
  test('that asks is told who is away, and where it is wrong', () => {
    const absences = someAbsences()
    fail(absences, 'ann', 'bob')
    absences.observe('member-leave', [aGone('bob')], 1)
    const bob = { ...ann, name: 'bob' }
    const { changed, replies } = absences.hear('cat', aMessage([bob], { asks: true }), 0)
    expect(changed).toBe(false)
    expect(replies).toMatchObject([{ asks: false, entries: [{ ...bob, leftMs: 0 }, ann] }])
  })

  test('that asks is answered though nobody is away', () => {
    const { replies } = someAbsences().hear('cat', aMessage([], { asks: true }), 0)
    expect(replies).toMatchObject([{ asks: false, entries: [] }])
  })

  test('that does not ask is told where it is wrong, and nothing else', () => {
    const absences = someAbsences()
    fail(absences, 'ann', 'bob')
    expect(absences.hear('cat', aMessage([ann]), 0)).toEqual({ changed: false, replies: [] })
    absences.observe('member-leave', [aGone('ann')], 1)
    const { replies } = absences.hear('cat', aMessage([ann]), 0)
    expect(replies).toMatchObject([{ asks: false, entries: [{ ...ann, leftMs: 0 }] }])
  })

  test('is told of more than one message has room for', () => {
    const absences = someAbsences()
    fail(absences, ...Array.from({ length: AWAY_ENTRIES_MAX + 1 }, (_, i) => `x${i}`))
    const sizes = absences.question(0).map(({ asks, entries }) => [asks, entries.length])
    expect(sizes).toEqual([
      [true, AWAY_ENTRIES_MAX],
      [false, 1],
    ])
  })

  test('whose view is another is asked once a second', () => {
    const absences = someAbsences()
    const asked = [0, 999, 1_000].map((nowMs) => absences.differ('cat', nowMs).length)
    expect(asked).toEqual([1, 0, 1])
    expect(absences.differ('dan', 1_001)).toMatchObject([{ asks: true }])
    expect(someAbsences(0).differ('cat', 0)).toEqual([])
  })
})

describe('at the start', () => {
  test('whoever is there is asked, and the first that knows is enough', () => {
    const absences = someAbsences()
    absences.see(['bob', 'cat'], 0)
    expect([absences.isBeingBriefed, absences.takeAsks(0)]).toEqual([true, ['bob', 'cat']])
    absences.hear('bob', aMessage([], { isInformed: false }), 1)
    expect(absences.isBeingBriefed).toBe(true)
    expect(absences.hear('cat', aMessage([ann]), 2).changed).toBe(true)
    expect([absences.isBeingBriefed, absences.homes()]).toMatchObject([false, [{ name: 'ann' }]])
  })

  test('one that knows no more and asks has not answered', () => {
    const absences = someAbsences()
    absences.see(['bob'], 0)
    absences.hear('bob', aMessage([], { isInformed: false, asks: true }), 1)
    expect(absences.isBeingBriefed).toBe(true)
    expect(absences.question(1)).toMatchObject([{ isInformed: false }])
    absences.settle()
    expect(absences.question(1)).toMatchObject([{ isInformed: true }])
  })

  test('who is not there has no home by that, as nobody says since when', () => {
    const absences = someAbsences()
    const absence = { incarnation: 1, home: aClusterMember('ann') }
    absences.start([{ name: 'ann', member: undefined, absence }])
    expect(absences.homes()).toEqual([])
    expect(absences.hear('bob', aMessage([ann]), 0).changed).toBe(true)
  })

  test('nobody is asked where nothing is kept for anybody', () => {
    const absences = someAbsences(0)
    absences.see(['bob'], 0)
    expect([absences.isBeingBriefed, absences.takeAsks(0), absences.deadlineMs()]).toEqual([
      false,
      [],
      undefined,
    ])
  })
})

function aGone(name: string) {
  return { name, member: undefined, absence: { incarnation: 1, home: undefined } }
}
