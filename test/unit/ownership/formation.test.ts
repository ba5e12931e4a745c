import { describe, expect, test } from 'vitest'
import { aCandidacy, RingedMember } from '../../support/ringed-member.ts'

// How many have to be there before anything is held, and whose word counts for that.

const RING = { partitions: 8, redundancy: 2 } as const
const OTHER = { partitions: 8, redundancy: 3 } as const

/** Whether ann, who waits for three, takes what the ring gives her beside these. */
function holds(...others: readonly Parameters<typeof aCandidacy>[]): boolean {
  const ann = new RingedMember('ann', RING, { minMembers: 3, handoffTimeoutMs: 1_000 })
  ann.start(...others.map((other) => aCandidacy(...other)))
  for (let i = 0; i < 30; i++) ann.pass(1_000)
  return ann.events.length > 0
}

describe('a member that waits for three', () => {
  test('holds nothing beside one other that waits as well', () => {
    expect(holds()).toBe(false)
    expect(holds(['bob', RING, 'forming'])).toBe(false)
  })

  test('begins with the third', () => {
    expect(holds(['bob', RING, 'forming'], ['cat', RING, 'forming'])).toBe(true)
  })

  test('begins beside one that says that so many have been there', () => {
    expect(holds(['bob', RING, 'serving'])).toBe(true)
    expect(holds(['bob', RING, 'draining'])).toBe(true)
  })

  test('is told nothing by a router, nor by one that is to return', () => {
    expect(holds(['bob', RING, 'router'])).toBe(false)
    expect(holds(['bob', RING, 'returning'])).toBe(false)
  })

  test('is told nothing by, and does not count, members of another configuration', () => {
    expect(holds(['bob', OTHER, 'serving'])).toBe(false)
    expect(holds(['bob', OTHER, 'forming'], ['cat', RING, 'forming'])).toBe(false)
  })

  test('goes on when they are fewer again, and says so once', () => {
    const ann = new RingedMember('ann', RING, { minMembers: 3 })
    ann.start(aCandidacy('bob', RING, 'forming'))
    expect(ann.told).not.toContain('formed')
    ann.hear(aCandidacy('cat', RING, 'forming'))
    ann.lose('bob', 'cat')
    ann.hear(aCandidacy('bob', RING, 'forming'), aCandidacy('cat', RING, 'forming'))
    ann.lose('bob', 'cat')
    expect(Object.values(ann.roles)).toEqual(Array.from({ length: 8 }, () => 0))
    expect(ann.told.filter((type) => type === 'formed')).toHaveLength(1)
  })
})

describe('that nothing is held any more', () => {
  test('is told each time it comes to be so, by the clock as well', () => {
    const ann = new RingedMember('ann', RING)
    ann.start()
    expect(ann.told).not.toContain('emptied')
    ann.hear(aCandidacy('bob', OTHER, 'serving'), aCandidacy('cat', OTHER, 'serving'))
    expect(ann.roles).toEqual({})
    expect(ann.told).not.toContain('emptied')
    ann.pass(10_000)
    expect(ann.told.filter((type) => type === 'emptied')).toHaveLength(1)
    ann.lose('bob', 'cat')
    ann.hear(aCandidacy('bob', OTHER, 'serving'), aCandidacy('cat', OTHER, 'serving'))
    ann.pass(10_000)
    expect(ann.told.filter((type) => type === 'emptied')).toHaveLength(2)
  })
})
