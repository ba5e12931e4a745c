import { describe, expect, test } from 'vitest'
import { Candidates } from '../../../packages/libring/src/ownership/candidates.ts'
import type { ClusterMember } from '../../../packages/libring/src/ownership/cluster-member.ts'
import { Farewells } from '../../../packages/libring/src/ownership/farewells.ts'
import { Inbox } from '../../../packages/libring/src/ownership/inbox.ts'
import { STATE_BYTES_MAX } from '../../../packages/libring/src/ownership/messages.ts'
import { repliesOf, type Verdict } from '../../../packages/libring/src/ownership/replies.ts'
import { configurationOf, type RingTag } from '../../../packages/libring/src/ownership/ring-tag.ts'
import { Strangers } from '../../../packages/libring/src/ownership/strangers.ts'
import { Waiters } from '../../../packages/libring/src/ownership/waiters.ts'
import { resolveRingOptions } from '../../../packages/libring/src/ring/options.ts'
import { aClusterMember } from '../../support/ownership.ts'

describe('who waits for us', () => {
  const group = { attempt: 3, letGo: true, partitions: [1, 2] }

  test('is known by partition', () => {
    const waiters = new Waiters(1_000)
    waiters.set('ann', 7n, [group], 0)
    waiters.set('bob', 8n, [{ ...group, letGo: false, partitions: [2] }], 0)
    expect(waiters.of(1, 0)).toEqual([{ name: 'ann', life: 7n, attempt: 3, letGo: true }])
    expect(waiters.of(2, 0).map(({ name }) => name)).toEqual(['ann', 'bob'])
    waiters.drop('ann')
    expect(waiters.of(1, 0)).toEqual([])
  })

  test('is what was asked last', () => {
    const waiters = new Waiters(1_000)
    waiters.set('ann', 7n, [group], 0)
    waiters.set('ann', 7n, [{ ...group, partitions: [5] }], 1)
    expect([waiters.get('ann', 1, 1), waiters.get('ann', 5, 1)?.name]).toEqual([undefined, 'ann'])
    waiters.set('ann', 7n, [], 2)
    expect(waiters.of(5, 2)).toEqual([])
  })

  test('is forgotten when it is not asked again', () => {
    const waiters = new Waiters(1_000)
    waiters.set('ann', 7n, [group], 0)
    expect(waiters.of(1, 999)).toHaveLength(1)
    expect(waiters.of(1, 1_000)).toEqual([])
  })

  test('has asked lately, or waits though it has not', () => {
    const waiters = new Waiters(1_000)
    waiters.set('ann', 7n, [group], 0)
    const hasAsked = (partition: number, nowMs: number) => {
      return waiters.hasAsked('ann', partition, 100, nowMs)
    }
    expect([hasAsked(1, 99), hasAsked(1, 100), hasAsked(5, 99)]).toEqual([true, false, false])
    expect(waiters.hasAsked('bob', 1, 100, 0)).toBe(false)
    expect(waiters.hasAsked('ann', 1, 5_000, 1_000)).toBe(false)
  })
})

describe('of the messages of one process', () => {
  const header = (life: bigint, seq: number) => ({ life, seq, clock: 0n, digest: 0, space: 0 })

  test('each is read once, and none after a later one', () => {
    const inbox = new Inbox()
    const seqs = [1, 1, 3, 2, 4]
    expect(seqs.map((seq) => inbox.accepts('ann', header(1n, seq)))).toEqual([
      true,
      false,
      true,
      false,
      true,
    ])
  })

  test('those of another process or member know nothing', () => {
    const inbox = new Inbox()
    inbox.accepts('ann', header(1n, 9))
    expect(inbox.accepts('ann', header(2n, 1))).toBe(true)
    expect(inbox.accepts('bob', header(1n, 1))).toBe(true)
    expect(inbox.accepts('ann', header(1n, 8))).toBe(false)
  })

  test('those of processes long gone are forgotten first', () => {
    const inbox = new Inbox()
    for (let life = 1n; life <= 5n; life++) inbox.accepts('ann', header(life, 9))
    expect(inbox.accepts('ann', header(5n, 8))).toBe(false)
    expect(inbox.accepts('ann', header(1n, 1))).toBe(true)
  })

  test('those under very many names are forgotten, the oldest first', () => {
    const inbox = new Inbox()
    for (const name of ['ann', 'bob']) inbox.accepts(name, header(1n, 9))
    for (let i = 0; i < 16_383; i++) inbox.accepts(`m${i}`, header(1n, 9))
    expect(inbox.accepts('bob', header(1n, 8))).toBe(false)
    expect(inbox.accepts('ann', header(1n, 8))).toBe(true)
  })
})

describe('strangers', () => {
  test('are remembered for a time after they asked', () => {
    const strangers = new Strangers(1_000)
    strangers.add('ann', 0)
    strangers.add('bob', 500)
    strangers.add('ann', 600)
    expect(strangers.names(1_499)).toEqual(['bob', 'ann'])
    expect(strangers.deadlineMs()).toBe(1_500)
    expect(strangers.names(1_500)).toEqual(['ann'])
    strangers.delete('ann')
    expect(strangers.deadlineMs()).toBeUndefined()
  })

  test('are remembered up to a number', () => {
    const strangers = new Strangers(1_000)
    const forgotten = Array.from({ length: 100 }, (_, i) => strangers.add(`m${i}`, i))
    expect(forgotten.slice(62, 66)).toEqual([undefined, undefined, 'm0', 'm1'])
    expect(strangers.names(100)).toHaveLength(64)
    expect(strangers.names(100)).toContain('m99')
  })
})

test('what was let go is remembered for a time, until it is held again', () => {
  const farewells = new Farewells(1_000)
  const state = Uint8Array.of(1)
  farewells.add(1, 5n, state, 0)
  farewells.add(2, 6n, undefined, 500)
  expect(farewells.get(1, 999)).toEqual({ partition: 1, token: 5n, state })
  expect(farewells.get(1, 1_000)).toBeUndefined()
  farewells.delete(2)
  expect(farewells.get(2, 500)).toBeUndefined()
})

describe('answers', () => {
  const waiter = { name: 'ann', life: 1n, attempt: 4, letGo: false }

  function verdict(partition: number, bytes?: number): Verdict {
    const state = new Uint8Array(bytes ?? 0)
    const legacy = bytes === undefined ? undefined : { partition, token: 1n, state }
    return { partition, waiter, standing: 'none', legacy }
  }

  test('that say the same go together', () => {
    const verdicts: Verdict[] = [verdict(1), { ...verdict(2), standing: 'holding' }, verdict(3)]
    expect(repliesOf(verdicts)).toEqual([
      {
        groups: [
          { attempt: 4, standing: 'none', partitions: [1, 3] },
          { attempt: 4, standing: 'holding', partitions: [2] },
        ],
        legacies: [],
      },
    ])
  })

  test('hold no more state than one partition may leave, and lose none', () => {
    const replies = repliesOf([verdict(1, STATE_BYTES_MAX), verdict(2, 1), verdict(3, 1)])
    expect(replies.map(({ legacies }) => legacies.map(({ partition }) => partition))).toEqual([
      [1],
      [2, 3],
    ])
  })

  test('to nothing are none', () => {
    expect(repliesOf([])).toEqual([])
  })
})

describe('the digest of a view', () => {
  const [ann, bob] = ['ann', 'bob'].map((name) => aClusterMember(name))
  const options = resolveRingOptions({ partitions: 8 })
  /** Of members that take part, and of others that do not. */
  function digestOf(
    members: readonly ClusterMember[],
    bystanders: readonly ClusterMember[] = [],
    rules = options,
    tag?: RingTag,
    away: readonly ClusterMember[] = [],
  ): number {
    const candidates = new Candidates()
    candidates.update([
      ...members.map((member) => ({ name: member.name, member, tag })),
      ...bystanders.map((bystander) => ({ name: bystander.name, member: undefined, bystander })),
    ])
    return candidates.digest(away, rules)
  }
  const digest = digestOf([ann!, bob!])
  const tag = (standing: RingTag['standing']): RingTag => {
    return { name: 'jobs', standing, configuration: configurationOf(options, '') }
  }

  test('does not depend on the order in which members became known, nor on their tags', () => {
    const tagged = aClusterMember('ann', { tags: { rev: '2' }, url: 'http://10.0.0.1' })
    expect(digestOf([bob!, tagged])).toBe(digest)
  })

  test.each([
    ['another member', [ann!, aClusterMember('cat')], [], options],
    ['a weight', [ann!, aClusterMember('bob', { weight: 2 })], [], options],
    ['a zone', [ann!, aClusterMember('bob', { zone: 'b' })], [], options],
    ['a member that takes no part', [ann!], [bob!], options],
    ['the rules of the ring', [ann!, bob!], [], resolveRingOptions({ partitions: 9 })],
  ])('differs by %s', (_, members, bystanders, rules) => {
    expect(digestOf(members, bystanders, rules)).not.toBe(digest)
  })

  test('differs by who is away, and by what goes with it', () => {
    const cat = aClusterMember('cat')
    const heavy = aClusterMember('cat', { weight: 2 })
    const digests = [
      digest,
      digestOf([ann!, bob!, cat]),
      ...[cat, heavy].map((away) => digestOf([ann!, bob!], [], options, undefined, [away])),
    ]
    expect(new Set(digests).size).toBe(4)
  })

  test('differs by what members say of the ring', () => {
    const said = digestOf([ann!, bob!], [], options, tag('serving'))
    expect(said).not.toBe(digest)
    expect(digestOf([ann!, bob!], [], options, tag('forming'))).not.toBe(said)
  })
})
