import { describe, expect, test } from 'vitest'
import { aClusterMember } from '../../support/ownership.ts'
import { OwnershipRun } from '../../support/ownership-run.ts'
import { CAUSE_EVENTS_MAX } from '../../../packages/libring/src/ownership/ownership-machine.ts'

const ring = { partitions: 12, redundancy: 2 } as const
const awaited = { othersExpected: true }

/** A ring of ann, bob and cat as ann sees it, settled. */
function aRing(options = {}): OwnershipRun {
  const run = new OwnershipRun('ann', ring, options)
  run.start(['ann', 'bob', 'cat'], { othersSeen: true })
  return run
}

describe('at the start', () => {
  test('a member that expects nobody takes everything at once', () => {
    const run = new OwnershipRun('ann', ring)
    const events = run.start(['ann'])
    expect(events.map(({ type }) => type)).toEqual(Array.from({ length: 12 }, () => 'acquire'))
    expect(run.shown).toEqual(['ann'])
  })

  test('a member that expects others decides nothing before it sees one', () => {
    const run = new OwnershipRun('ann', ring, { bootstrapTimeoutMs: 5_000 })
    expect(run.start(['ann'], awaited)).toEqual([])
    expect(run.pass(4_999)).toEqual([])
    expect(run.views).toBe(0)
  })

  test('it forms a ring alone once nobody came in time', () => {
    const run = new OwnershipRun('ann', ring, { bootstrapTimeoutMs: 5_000 })
    run.start(['ann'], awaited)
    expect(run.pass(5_000)).toHaveLength(12)
  })

  test('it waits for ever where it may not form a ring alone', () => {
    const run = new OwnershipRun('ann', ring, { formAlone: false })
    run.start(['ann'], awaited)
    expect(run.machine.deadlineMs()).toBeUndefined()
    expect(run.pass(86_400_000)).toEqual([])
  })

  test('its own arrival is not company', () => {
    const run = new OwnershipRun('ann', ring, { formAlone: false })
    run.start([], awaited)
    run.join('ann')
    run.pass(60_000)
    expect(run.views).toBe(0)
  })

  test('the first other member opens the window in which the rest can come', () => {
    const run = new OwnershipRun('ann', ring)
    run.start(['ann'], awaited)
    run.join('bob')
    run.pass(500)
    run.join('cat')
    expect(run.views).toBe(0)
    run.pass(500)
    expect([run.views, run.shown]).toEqual([1, ['ann', 'bob', 'cat']])
    expect(run.book.entries()).toEqual(run.rolesInView())
  })

  test('a member outside the ring is company too', () => {
    const run = new OwnershipRun('ann', ring, { formAlone: false })
    run.start(['ann'], awaited)
    run.joinOutside('router')
    expect(run.pass(1_000)).toHaveLength(12)
  })

  test('whoever has been seen by then need not be waited for', () => {
    const run = new OwnershipRun('ann', ring)
    run.start(['ann', 'bob'], { othersExpected: true, othersSeen: true })
    expect(run.shown).toEqual(['ann', 'bob'])
  })

  test('a second start does nothing', () => {
    const run = new OwnershipRun('ann', ring)
    run.start(['ann'])
    expect(run.start(['ann', 'bob'])).toEqual([])
    expect(run.shown).toEqual(['ann'])
  })

  test('what comes before the start is not heard', () => {
    const run = new OwnershipRun('ann', ring)
    run.join('bob')
    run.start(['ann'])
    expect(run.shown).toEqual(['ann'])
  })
})

describe('the settle window', () => {
  test('gathers changes from the first on and is never extended', () => {
    const run = aRing()
    run.join('dan')
    run.pass(999)
    run.join('eve')
    expect(run.views).toBe(1)
    run.pass(1)
    expect([run.views, run.shown]).toEqual([2, ['ann', 'bob', 'cat', 'dan', 'eve']])
  })

  test('is closed at once by a failure, with all that is in it', () => {
    const run = aRing()
    run.join('dan')
    run.fail('cat')
    expect([run.views, run.shown]).toEqual([2, ['ann', 'bob', 'dan']])
    expect(run.machine.deadlineMs()).toBeUndefined()
  })

  test('is not closed by a farewell', () => {
    const run = aRing()
    run.leave('cat')
    expect(run.shown).toEqual(['ann', 'bob', 'cat'])
    run.pass(1_000)
    expect(run.shown).toEqual(['ann', 'bob'])
  })

  test('is not closed by the failure of a member outside the ring', () => {
    const run = aRing()
    run.join('dan')
    run.fail('router')
    expect(run.views).toBe(1)
  })

  test('is not opened by members outside the ring', () => {
    const run = aRing()
    run.joinOutside('router')
    run.updateOutside('router')
    run.leave('router')
    expect(run.machine.deadlineMs()).toBeUndefined()
  })

  test('leaves no trace of who came and went within it', () => {
    const run = aRing()
    run.join('dan')
    run.leave('dan')
    expect(run.pass(1_000)).toEqual([])
    expect(run.views).toBe(1)
  })

  test('of no length means that every change is acted on', () => {
    const run = aRing({ settleMs: 0 })
    run.join('dan')
    run.leave('dan')
    expect(run.views).toBe(3)
  })

  test('names its changes as the cause of view and steps', () => {
    const run = aRing()
    run.join('dan')
    run.joinOutside('router')
    run.leave('cat')
    const events = run.settle()
    const told = run.view?.cause.map(({ type, members }) => `${type} ${members[0]?.name}`)
    expect(told).toEqual(['member-join dan', 'member-leave cat'])
    expect(new Set(events.map(({ cause }) => cause))).toEqual(new Set([run.view?.cause]))
  })

  test('remembers the latest causes only', () => {
    const run = aRing()
    for (let i = 0; i < CAUSE_EVENTS_MAX + 10; i++) {
      run.update(aClusterMember('cat', { tags: { turn: `${i}` }, weight: 1 + i }))
    }
    run.settle()
    expect(run.view?.cause).toHaveLength(CAUSE_EVENTS_MAX)
    expect(run.view?.cause.at(-1)?.members[0]?.tags).toEqual({ turn: `${CAUSE_EVENTS_MAX + 9}` })
  })
})

describe('a view', () => {
  test('shows a changed record though nothing moves', () => {
    const run = aRing()
    run.update(aClusterMember('cat', { url: 'http://10.0.0.1:80' }))
    expect(run.settle()).toEqual([])
    expect(run.view?.ring.members.at(-1)?.url).toBe('http://10.0.0.1:80')
  })

  test('is not made anew, nor anything assigned, for what the ring does not read', () => {
    const run = aRing()
    const { assignment } = run.view!.ring
    const tags = { libring: '1|rooms|m', mood: 'fine' }
    run.update(aClusterMember('cat', { tags, host: '10.9.9.9', url: 'http://10.0.0.1:80' }))
    run.settle()
    expect(run.view!.ring.members.at(-1)).toMatchObject({ name: 'cat', tags, host: '10.9.9.9' })
    expect([run.views, run.view!.epoch]).toEqual([1, 1])
    expect(run.view!.ring.assignment).toBe(assignment)
    run.update(aClusterMember('cat', { tags, weight: 2 }))
    run.settle()
    expect([run.views, run.view!.epoch]).toEqual([2, 2])
  })

  test('names who held it before by what that member said last', () => {
    const run = aRing()
    run.update(aClusterMember('cat', { tags: { mood: 'fine' } }))
    run.settle()
    run.leave('cat')
    const from = run.settle().flatMap((event) => (event.type === 'release' ? [] : [event.from]))
    expect(from.filter((member) => member?.name === 'cat').length).toBeGreaterThan(0)
    expect(from.every((member) => member?.name !== 'cat' || member.tags['mood'] === 'fine')).toBe(
      true,
    )
  })

  test('is not made anew for a record that says the same', () => {
    const run = aRing()
    run.update(aClusterMember('cat'))
    run.settle()
    expect(run.views).toBe(1)
  })

  test('is numbered, each higher by one', () => {
    const run = aRing()
    run.join('dan')
    run.settle()
    expect(run.view?.epoch).toBe(2)
  })
})

describe('until enough members were seen', () => {
  const options = { minMembers: 3 }

  test('nothing is acquired, though the view is there', () => {
    const run = new OwnershipRun('ann', ring, options)
    expect(run.start(['ann', 'bob'], { othersSeen: true })).toEqual([])
    expect(run.shown).toEqual(['ann', 'bob'])
  })

  test('the member that makes them enough releases the brake for good', () => {
    const run = new OwnershipRun('ann', ring, options)
    run.start(['ann', 'bob'], { othersSeen: true })
    run.join('cat')
    run.settle()
    expect(run.book.entries()).toEqual(run.rolesInView())
    run.fail('bob', 'cat')
    expect(run.book.entries()).toHaveLength(12)
  })

  test('it counts who is there at once, not who was there at some time', () => {
    const run = new OwnershipRun('ann', ring, options)
    run.start(['ann', 'bob'], { othersSeen: true })
    run.leave('bob')
    run.settle()
    run.join('cat')
    expect(run.settle()).toEqual([])
  })

  test('members that were there within one window count, whoever is left at its end', () => {
    const run = new OwnershipRun('ann', ring, options)
    run.start(['ann', 'bob'], { othersSeen: true })
    run.join('cat')
    run.leave('cat')
    run.settle()
    expect(run.book.entries()).toEqual(run.rolesInView())
  })

  test('what it was kept from acquiring comes from nobody', () => {
    const run = new OwnershipRun('ann', ring, options)
    run.start(['ann', 'bob'], { othersSeen: true })
    run.join('cat')
    const fromUs = run.settle().filter((event) => {
      return event.type !== 'release' && event.from?.name === 'ann'
    })
    expect(fromUs).toEqual([])
  })
})

describe('at the stop', () => {
  test('everything is released to whoever takes that index', () => {
    const run = aRing()
    const held = run.book.entries()
    const events = run.stop()
    expect(run.shown).toEqual(['bob', 'cat'])
    expect(run.book.entries()).toEqual([])
    const expected = held.map(([partition, replica]) => {
      const to = run.view?.ring.holdersForPartition(partition)[replica]
      return { type: 'release', seq: expect.any(Number), partition, replica, to, cause: [] }
    })
    expect(events).toEqual(expected)
  })

  test('the last member of a ring releases to nobody', () => {
    const run = new OwnershipRun('ann', ring)
    run.start(['ann'])
    const takers = run.stop().map((event) => event.type === 'release' && event.to)
    expect(takers).toEqual(Array.from({ length: 12 }, () => undefined))
  })

  test('a window that is open is acted on too', () => {
    const run = aRing()
    run.join('dan')
    run.stop()
    expect(run.shown).toEqual(['bob', 'cat', 'dan'])
  })

  test('nothing is said by a member that was never started, or still waits', () => {
    const idle = new OwnershipRun('ann', ring)
    const waiting = new OwnershipRun('ann', ring)
    waiting.start(['ann'], awaited)
    expect([idle.stop(), waiting.stop(), idle.views, waiting.views]).toEqual([[], [], 0, 0])
  })

  test('nothing follows', () => {
    const run = aRing()
    run.stop()
    const { views } = run
    expect([run.join('dan'), run.fail('bob'), run.stop(), run.start(['ann'])]).toEqual([
      [],
      [],
      [],
      [],
    ])
    expect(run.settle()).toEqual([])
    expect(run.views).toBe(views)
  })

  test('a router has nothing to release and no new view', () => {
    const run = new OwnershipRun('router', ring)
    run.start(['ann', 'bob'])
    expect(run.stop()).toEqual([])
    expect([run.views, run.shown]).toEqual([1, ['ann', 'bob']])
  })
})

test('a router sees the ring and holds nothing of it', () => {
  const run = new OwnershipRun('router', ring)
  expect(run.start(['ann', 'bob'])).toEqual([])
  expect(run.shown).toEqual(['ann', 'bob'])
})
