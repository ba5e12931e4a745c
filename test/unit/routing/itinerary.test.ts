import { describe, expect, test } from 'vitest'
import { ConfigMismatchError } from '../../../packages/libring/src/base/errors.ts'
import { Itinerary } from '../../../packages/libring/src/routing/itinerary.ts'
import type { RoleAsked } from '../../../packages/libring/src/routing/routed-cluster.ts'
import { FakeCluster, type FakeState } from '../../support/fake-cluster.ts'

const LIMITS = { maxHops: 3, acquireWaitMs: 300, failoverWaitMs: 0 }

interface Setup {
  readonly role?: RoleAsked
  readonly limits?: Partial<typeof LIMITS>
  readonly bad?: readonly string[]
}

function setOut(state: FakeState, setup: Setup = {}): { way: Itinerary; cluster: FakeCluster } {
  const { role = 'primary', limits = {}, bad = [] } = setup
  const cluster = new FakeCluster(state)
  const way = new Itinerary(cluster, { partition: 7, role }, { ...LIMITS, ...limits }, ({ name }) =>
    bad.includes(name),
  )
  return { way, cluster }
}

/** The next leg in a word. */
function next(way: Itinerary): string {
  const leg = way.next()
  switch (leg.type) {
    case 'serve':
      return 'here'
    case 'forward':
      return leg.member.name
    case 'wait':
      return `wait ${leg.timeoutMs}`
    case 'fail':
      return leg.code
  }
}

describe('a request goes', () => {
  test('nowhere, where it is served here', () => {
    expect(next(setOut({ holders: ['bob'], local: { replica: 0 } }).way)).toBe('here')
  })

  test('to the primary, and not to a backup', () => {
    expect(next(setOut({ holders: ['bob', 'cat'] }).way)).toBe('bob')
  })

  test('to a copy that is here, where any holder may serve', () => {
    const state = { holders: ['bob', 'ann'], local: { replica: 1 } }
    expect(next(setOut(state, { role: 'holder' }).way)).toBe('here')
  })

  test('to whoever still serves what is about to be taken here', () => {
    expect(next(setOut({ holders: ['ann'], servedBy: 'bob' }).way)).toBe('bob')
  })

  test('where the member that was asked says, and back to one that is next', () => {
    const { way } = setOut({ holders: ['bob'] })
    expect(next(way)).toBe('bob')
    way.refused('bob', 'cat', true)
    expect(next(way)).toBe('cat')
    way.refused('cat', 'bob')
    expect([next(way), way.hops]).toEqual(['bob', 3])
    expect(way.mark('').tried).toEqual(['bob', 'cat'])
  })

  test('back to one that is next, where it is here that it was still served', () => {
    const { way } = setOut({ holders: ['bob'] })
    expect(next(way)).toBe('bob')
    way.refused('bob', 'ann', true)
    expect(next(way)).toBe('bob')
    expect(way.mark('').tried).toEqual(['bob', 'ann'])
  })

  test('once more to one that has refused, where a step is taken here', () => {
    const { way, cluster } = setOut({ holders: ['bob'], local: { replica: 0, isReady: false } })
    expect(next(way)).toBe('bob')
    way.refused('bob', 'ann')
    expect(next(way)).toBe('wait 100')
    cluster.state = { holders: ['bob'] }
    way.waited(100, 99)
    expect(next(way)).toBe('bob')
  })

  test('not back to one that has refused, before a wait', () => {
    const { way } = setOut({ holders: ['bob'] })
    expect(next(way)).toBe('bob')
    way.refused('bob', 'cat')
    expect(next(way)).toBe('cat')
    way.refused('cat', 'bob')
    expect([next(way), way.hops]).toEqual(['wait 150', 2])
    way.waited(150, 0)
    expect([next(way), way.hops]).toEqual(['bob', 3])
  })

  test('to no more members than it may', () => {
    const { way } = setOut({ holders: ['bob'] })
    for (const [by, owner] of ['bob', 'cat', 'dan', 'eve'].map((name, at, all) => [
      name,
      all[at + 1],
    ])) {
      if (owner === undefined) break
      expect(next(way)).toBe(by)
      way.refused(by!, owner)
    }
    expect(next(way)).toBe('LIBRING_HOPS_EXCEEDED')
  })

  test('to the next holder, where the first got nothing of it', () => {
    const { way } = setOut({ holders: ['bob', 'cat'] }, { role: 'holder' })
    next(way)
    way.unreachable('bob')
    expect(next(way)).toBe('cat')
    way.unreachable('cat')
    expect(next(way)).toBe('LIBRING_OWNER_UNREACHABLE')
  })

  test('to nobody else, where the primary got nothing of it', () => {
    const { way } = setOut({ holders: ['bob', 'cat'] })
    next(way)
    way.unreachable('bob')
    expect(next(way)).toBe('LIBRING_OWNER_UNREACHABLE')
  })

  test('past a member that could not be reached a moment ago', () => {
    const { way } = setOut({ holders: ['bob', 'cat'] }, { role: 'holder', bad: ['bob'] })
    expect([next(way), way.hops]).toEqual(['cat', 1])
  })

  test('past a member that has no URL, or is not known', () => {
    const { way, cluster } = setOut({ holders: ['bob', 'cat'] }, { role: 'holder' })
    cluster.withoutUrl.add('bob')
    expect(next(way)).toBe('cat')
    cluster.strangers.add('dan')
    way.refused('cat', 'dan')
    expect(next(way)).toBe('wait 100')
  })

  test('nowhere while the ring has no members', () => {
    expect(next(setOut({ holders: [] }).way)).toBe('LIBRING_NO_OWNER')
  })

  test('nowhere while most members have another configuration', () => {
    const { way, cluster } = setOut({ holders: [] })
    cluster.error = new ConfigMismatchError(['partitions 1, 2'])
    expect(() => way.next()).toThrow(ConfigMismatchError)
  })
})

describe('a request waits', () => {
  test('for what is about to be served here, in all no longer than it may', () => {
    const { way, cluster } = setOut({ holders: ['ann'] })
    expect(next(way)).toBe('wait 300')
    way.waited(300, 100)
    expect(next(way)).toBe('wait 100')
    way.waited(100, 0)
    expect(next(way)).toBe('LIBRING_NO_OWNER')
    cluster.state = { holders: ['ann'], local: { replica: 0 } }
    expect(next(way)).toBe('here')
  })

  test('for its own turn where it is the one that was named', () => {
    const { way, cluster } = setOut({ holders: ['bob'] })
    next(way)
    way.refused('bob', 'ann')
    expect(next(way)).toBe('wait 100')
    cluster.state = { holders: ['ann'], local: { replica: 0 } }
    way.waited(100, 50)
    expect(next(way)).toBe('here')
  })

  test('and asks once more, where nobody was named', () => {
    const { way } = setOut({ holders: ['bob'] })
    next(way)
    way.refused('bob', undefined)
    expect(next(way)).toBe('wait 100')
    way.waited(100, 0)
    expect(next(way)).toBe('bob')
    expect(way.mark('').tried).toEqual([])
  })

  test.each(['left', 'leaving'] as const)(
    'for the ring to go on without one that is %s',
    (status) => {
      const { way, cluster } = setOut({ holders: ['bob'] })
      cluster.status = status
      next(way)
      way.unreachable('bob')
      expect(next(way)).toBe('wait 300')
      way.waited(300, 250)
      expect(next(way)).toBe('bob')
    },
  )

  test('for another owner where this one cannot be reached, if it may', () => {
    const { way, cluster } = setOut({ holders: ['bob'] }, { limits: { failoverWaitMs: 200 } })
    next(way)
    way.unreachable('bob')
    expect(next(way)).toBe('wait 200')
    cluster.state = { holders: ['cat'] }
    way.waited(200, 150)
    expect(next(way)).toBe('cat')
    way.unreachable('cat')
    expect(next(way)).toBe('wait 150')
  })
})
