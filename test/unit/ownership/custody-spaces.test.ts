import { beforeEach, describe, expect, test } from 'vitest'
import type { Standing } from '../../../packages/libring/src/ownership/messages.ts'
import { aCandidacy, RingedMember, spaceOf } from '../../support/ringed-member.ts'

// Members of another partition count, or another key hash, mean other keys by the number of a
// partition. What such a member asks is answered as a whole; what it says of partitions is nothing
// to us.

const OURS = { partitions: 8, redundancy: 1 } as const
const THEIRS = { partitions: 16, redundancy: 1 } as const
const SAME_SPACE = { partitions: 8, redundancy: 3 } as const

let ann: RingedMember

beforeEach(() => {
  ann = new RingedMember('ann', OURS)
})

/** What ann answers when bob is to take two partitions of a ring of these options. */
function answered(
  ring: typeof THEIRS | typeof SAME_SPACE,
): readonly (readonly [Standing, ...number[]])[] {
  ann.said('answer')
  ann.receive('bob', ring, 'ask', { groups: [{ attempt: 3, letGo: true, partitions: [1, 12] }] })
  const answers = ann.said('answer')
  expect(answers.every(({ space, asker }) => space === spaceOf(OURS) && asker === 5n)).toBe(true)
  return answers
    .flatMap(({ groups }) => groups)
    .map(({ standing, partitions }) => [standing, ...partitions])
}

describe('what a member of another space is answered', () => {
  test('is that we hold, of whatever it asks, while we hold anything', () => {
    ann.start()
    expect(answered(THEIRS)).toEqual([['holding', 1, 12]])
  })

  test('is that we let go until every handler is done, and then that we have nothing', () => {
    ann.start()
    ann.hear(aCandidacy('bob', THEIRS, 'serving'), aCandidacy('cat', THEIRS, 'serving'))
    expect(answered(THEIRS)).toEqual([['letting-go', 1, 12]])
    ann.settle()
    expect(answered(THEIRS)).toEqual([['none', 1, 12]])
  })

  test('is that we take while we do, so that neither takes beside the other', () => {
    ann.start(aCandidacy('cat', OURS, 'serving'))
    expect(answered(THEIRS)).toEqual([['taking', 1, 12]])
  })

  test('is that we hold, whatever it would have let go, though it asks for that alone', () => {
    ann.start()
    answered(THEIRS)
    for (let i = 0; i < 20; i++) {
      ann.pass(1_000)
      answered(THEIRS)
    }
    expect(Object.keys(ann.roles)).toHaveLength(8)
  })

  test('is told partition by partition where only the redundancy differs', () => {
    ann.start()
    expect(answered(SAME_SPACE)).toEqual([
      ['holding', 1],
      ['none', 12],
    ])
  })

  test('leaves nobody waiting: it asks again', () => {
    ann.start()
    answered(THEIRS)
    ann.hear(aCandidacy('bob', THEIRS, 'serving'), aCandidacy('cat', THEIRS, 'serving'))
    ann.settle()
    expect(ann.said('answer')).toEqual([])
  })
})

describe('what a member of another space says', () => {
  const token = 1n << 60n

  test('of what it holds lets nothing go here', () => {
    ann.start()
    const { roles, machine } = ann
    for (const type of ['acquired', 'offer'] as const) {
      ann.receive('bob', THEIRS, type, { holdings: [{ partition: 1, token }] })
    }
    expect([ann.roles, machine.stats.doubleHolders]).toEqual([roles, 0])
    ann.receive('bob', OURS, 'acquired', { holdings: [{ partition: 1, token }] })
    ann.receive('bob', OURS, 'offer', { holdings: [{ partition: 2, token }] })
    expect(Object.keys(ann.roles)).toEqual(['0', '3', '4', '5', '6', '7'])
    expect(ann.machine.stats.doubleHolders).toBe(2)
  })

  test('of what it parts with is not answered, nor what a stranger says of it', () => {
    ann.start()
    ann.settle()
    ann.hear(aCandidacy('bob', OURS, 'draining'))
    ann.said('acquired')
    ann.receive('bob', THEIRS, 'parting', { partitions: [1] })
    expect(ann.said('acquired')).toEqual([])
    ann.receive('eve', OURS, 'parting', { partitions: [1] })
    expect(ann.said('acquired')).toEqual([])
    ann.receive('bob', OURS, 'parting', { partitions: [1] })
    expect(ann.said('acquired')).toHaveLength(1)
  })

  test('of what it leaves is no state of ours, but its clock is one to be above', () => {
    const clock = 1n << 59n
    for (const ring of [THEIRS, OURS]) {
      ann = new RingedMember('ann', OURS)
      ann.start(aCandidacy('bob', OURS, 'serving'))
      const [ask] = ann.said('ask')
      const { attempt, partitions } = ask!.groups[0]!
      const [partition] = partitions as [number]
      const state = Uint8Array.of(1, 2)
      ann.receive(
        'bob',
        ring,
        'answer',
        {
          asker: ask!.life,
          groups: [{ attempt, standing: 'none', partitions }],
          legacies: [{ partition, token: 1n << 50n, state }],
        },
        clock,
      )
      ann.machine.handle({ type: 'exchanged', with: 'bob', outcome: 'done' }, ann.nowMs)
      ann.pass(0)
      const event = ann.events.find((it) => it.partition === partition)
      const token = event?.type === 'acquire' ? event.token : undefined
      expect(event).toMatchObject({ type: 'acquire', replica: 0 })
      expect(event?.type === 'acquire' ? event.state : undefined).toEqual(
        ring === OURS ? state : undefined,
      )
      expect(token).toBeGreaterThan(clock)
    }
  })

  test('that it holds is waited for, until it says that it has nothing', () => {
    ann.start(aCandidacy('bob', OURS, 'serving'))
    const [ask] = ann.said('ask')
    const { attempt, partitions } = ask!.groups[0]!
    const say = (standing: Standing): void => {
      const groups = [{ attempt, standing, partitions }]
      ann.receive('bob', THEIRS, 'answer', { asker: ask!.life, groups, legacies: [] })
      ann.machine.handle({ type: 'exchanged', with: 'bob', outcome: 'done' }, ann.nowMs)
      ann.pass(1_000)
    }
    for (let i = 0; i < 60; i++) {
      say('holding')
      expect(ann.events).toEqual([])
    }
    say('none')
    expect(Object.keys(ann.roles).map(Number)).toEqual([...partitions])
    expect(ann.told).not.toContain('report')
  })
})
