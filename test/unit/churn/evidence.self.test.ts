import { describe, expect, test } from 'vitest'
import { Evidence } from '../../support/churn/evidence.ts'
import type { Trouble } from '../../support/churn/troubles.ts'
import type { Answer, Sent } from '../../support/churn/words.ts'

// What judges requests among real processes is itself judged: each breach is told, and only those.

const KEY = 'k1'
const ALLOWED = { partitions: 8, maxHops: 3, settleMs: 500, upstreamTimeoutMs: 2_000 }

/** Ann holds the partition under token 1 from 0 to 100, then bob under token 2. */
function evidence(): Evidence {
  const found = new Evidence(ALLOWED)
  const partition = found.partitionOf(KEY)
  const step = (member: string, at: number, replica: number | undefined, token?: string): void => {
    found.hear(member, { type: 'step', at, partition, replica, token })
  }
  step('ann', 0, 0, '1')
  step('cat', 0, 1)
  step('ann', 100, undefined)
  step('bob', 110, 0, '2')
  return found
}

function sent(fields: Partial<Sent>, answer?: Partial<Answer>): Sent {
  const partition = evidence().partitionOf(KEY)
  const base = { name: '1.0', kind: 'primary', key: KEY, front: 'host of ann' } as const
  const times = { dueAt: 10, sentAt: 10, doneAt: 20 }
  const served = { member: 'ann', token: '1', hops: 0, servedAt: 12, endedAt: 14, bytes: 0 }
  return {
    ...base,
    ...times,
    status: answer === undefined ? 503 : 200,
    code: answer === undefined ? 'LIBRING_NO_OWNER' : undefined,
    trouble: undefined,
    answer: answer && { partition, ...served, ...answer },
    ...fields,
  }
}

function verdict(records: readonly Sent[], troubles: readonly Trouble[] = []): string {
  const found = evidence()
  found.records.push(...records)
  found.troubles.push(...troubles)
  return found.verdict().join('\n')
}

function aTrouble(kind: Trouble['kind'], fields: Partial<Trouble> = {}): Trouble {
  const base = { member: 'ann', host: 'host of ann', from: 0, backAt: Infinity }
  return { kind, ...base, heardAt: new Map(), ...fields }
}

describe('of failures that members tell of', () => {
  test('each is of what was done to the member, however late, until the member is back', () => {
    const found = evidence()
    const killed = aTrouble('kill')
    found.troubles.push(killed)
    const heard = (observer: string, at: number): void => {
      found.hear(observer, { type: 'heard', at, what: 'failed', name: 'ann' })
    }
    heard('bob', 1_000)
    heard('cat', 30_000)
    expect([...killed.heardAt.keys()]).toEqual(['bob', 'cat'])
    killed.backAt = 31_000
    heard('dan', 40_000)
    expect(found.troubles.map(({ kind }) => kind)).toEqual(['kill', 'mistake'])
  })
})

describe('of answers', () => {
  test('nothing is said of those by whoever held the partition at that time', () => {
    const late = { servedAt: 120, endedAt: 125, member: 'bob', token: '2' }
    const read = { servedAt: 50, endedAt: 52, member: 'cat', token: undefined }
    const records = [sent({}, {}), sent({}, late), sent({ kind: 'read' }, read)]
    expect(verdict(records)).toBe('')
  })

  test.each<[string, Partial<Answer>, RegExp]>([
    ['before it held it', { member: 'bob', token: '2', servedAt: 105 }, /without holding token 2/],
    ['after it let it go', { servedAt: 101 }, /without holding token 1/],
    ['under a token of another one', { member: 'bob' }, /without holding token 1/],
    ['without a token', { token: undefined }, /without a token/],
    ['as a backup that is none', { token: undefined, member: 'bob', servedAt: 50 }, /as no holder/],
    ['for another partition', { partition: -1 }, /answered for partition -1/],
    ['after too many hops', { hops: 4 }, /forwarded 4 times/],
  ])('one is told that was served %s', (_, answer, fault) => {
    expect(verdict([sent({}, answer)])).toMatch(fault)
  })

  test('those are told that were served after a successor had, or ended after it began', () => {
    const found = evidence()
    const partition = found.partitionOf(KEY)
    // Bob takes it, though ann has not let it go.
    found.tenures.primaries.get(partition)!.forEach((tenure) => (tenure.until = Infinity))
    found.records.push(
      sent({}, { member: 'bob', token: '2', servedAt: 120, endedAt: 125 }),
      sent({}, { servedAt: 130, endedAt: 135 }),
    )
    expect(found.verdict().join('\n')).toMatch(/ann under 1 began to serve 10.0 ms after bob/)
    found.records[1] = sent({}, { servedAt: 90, endedAt: 135 })
    expect(found.verdict().join('\n')).toMatch(/ann under 1 ended 15.0 ms after bob/)
    found.troubles.push(aTrouble('stop', { from: 95, backAt: 134 }))
    expect(found.verdict()).toEqual([])
  })
})

describe('of failures', () => {
  const heardAt = new Map([['bob', 1_000]])

  test.each<[string, Partial<Sent>, readonly Trouble[], RegExp]>([
    ['with nothing wrong', {}, [], /nothing was wrong/],
    [
      'without the code of an error',
      { code: undefined },
      [aTrouble('kill')],
      /no error of a router/,
    ],
    ['once the kill is long known', { doneAt: 2_501 }, [aTrouble('kill', { heardAt })], /nothing/],
    ['of an address that runs', { status: 0, front: 'x' }, [aTrouble('kill')], /nothing was wrong/],
    [
      'of one sent to another member once all know that it was stopped',
      { front: 'host of bob', sentAt: 2_501, doneAt: 2_600 },
      [aTrouble('stop', { heardAt, backAt: 9_000 })],
      /nothing was wrong/,
    ],
    [
      'once it goes on',
      { doneAt: 2_101 },
      [aTrouble('stop', { backAt: 100 })],
      /nothing was wrong/,
    ],
  ])('one is told %s', (_, record, troubles, fault) => {
    expect(verdict([sent(record)], troubles)).toMatch(fault)
  })

  test.each<[string, Partial<Sent>, Trouble]>([
    [
      'until all know of the kill, and have settled',
      { doneAt: 2_499 },
      aTrouble('kill', { heardAt }),
    ],
    [
      'of what is sent to one that was stopped',
      { sentAt: 2_501, doneAt: 2_600 },
      aTrouble('stop', { heardAt, backAt: 9_000 }),
    ],
    ['while it is waited for', { doneAt: 2_099 }, aTrouble('stop', { backAt: 100 })],
    ['of an address that was killed', { status: 0, code: undefined }, aTrouble('kill')],
  ])('nothing is said %s', (_, record, trouble) => {
    expect(verdict([sent(record)], [trouble])).toBe('')
  })
})

test('a request that comes in twice, or too often, is told', () => {
  const found = evidence()
  const arrive = (hop: number): void => {
    found.hear('bob', { type: 'arrivals', arrivals: [['1.0', hop, 200, '']] })
  }
  arrive(0)
  arrive(1)
  expect(found.verdict()).toEqual([])
  arrive(1)
  arrive(4)
  expect(found.verdict().join('\n')).toMatch(/came in twice after 1 hops\n.*forwarded 4 times/)
})
