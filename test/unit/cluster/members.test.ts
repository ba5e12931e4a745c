import { describe, expect, test } from 'vitest'
import type { Member, MemberStatus } from '../../../packages/libring/src/base/member.ts'
import { MemberReader, type MemberRules } from '../../../packages/libring/src/cluster/members.ts'
import {
  configurationOf,
  encodeRingTags,
  type RingStanding,
} from '../../../packages/libring/src/ownership/ring-tag.ts'
import { resolveRingOptions } from '../../../packages/libring/src/ring/options.ts'
import { tagFilter } from '../../../packages/libring/src/cluster/watch-tags.ts'

const RULES: MemberRules = {
  ring: 'jobs',
  filter: tagFilter('watchTags', {}, 'all'),
  shareTags: { weight: 'weight', zone: 'zone' },
  whileLeaving: 'no part',
  foreignHosts: 'refuse',
}

function aMember(tags: Member['tags'] = {}, status: MemberStatus = 'alive'): Member {
  return { name: 'ann', host: '10.0.0.7', port: 7_946, tags, status }
}

function aReader(rules: Partial<MemberRules> = {}): { reader: MemberReader; ignored: string[] } {
  const ignored: string[] = []
  const reader = new MemberReader({ ...RULES, ...rules }, ({ name }, tag) => {
    ignored.push(`${name} ${tag}`)
  })
  return { reader, ignored }
}

test('a member is read with its weight, zone and URL', () => {
  const member = aMember({ weight: '12', zone: 'eu-1a', http: '8080' })
  expect(aReader().reader.read(member)).toEqual({
    ...member,
    weight: 12,
    zone: 'eu-1a',
    url: 'http://10.0.0.7:8080',
  })
})

test('a member that says nothing weighs 1 and is in no zone', () => {
  expect(aReader().reader.read(aMember())).toMatchObject({ weight: 1, zone: '', url: undefined })
})

test('the names of the tags are the reader’s', () => {
  const { reader } = aReader({ shareTags: { weight: 'cpus', zone: 'rack' } })
  const member = aMember({ cpus: '4', rack: 'r1', weight: '9', zone: 'z' })
  expect(reader.read(member)).toMatchObject({ weight: 4, zone: 'r1' })
})

test('where members have no weights and zones, the tags are not looked at', () => {
  const { reader, ignored } = aReader({ shareTags: undefined })
  expect(reader.read(aMember({ weight: 'x', zone: 'z' }))).toMatchObject({ weight: 1, zone: '' })
  expect(ignored).toEqual([])
})

test.each(['', '0', '65536', '-1', '1.5', '1e3', ' 7', '0x10', 'heavy'])(
  'a weight of %o counts as 1, and is told once for each record',
  (weight) => {
    const { reader, ignored } = aReader()
    const member = aMember({ weight })
    expect([reader.read(member).weight, reader.read(member).weight]).toEqual([1, 1])
    expect([reader.tagsIgnored, ignored]).toEqual([1, ['ann weight']])
  },
)

test('a zone that is no well-formed text counts as none', () => {
  const { reader } = aReader()
  expect(reader.read(aMember({ zone: '\ud800' })).zone).toBe('')
  expect(reader.tagsIgnored).toBe(1)
})

test('a tag name that every object has is not found where it is not given', () => {
  const { reader } = aReader({ shareTags: { weight: 'constructor', zone: 'toString' } })
  expect(reader.read(aMember())).toMatchObject({ weight: 1, zone: '' })
})

describe('who takes part', () => {
  const takesPart = (member: Member, rules: Partial<MemberRules> = {}): boolean =>
    aReader(rules).reader.candidacy(member).member !== undefined

  const statuses: readonly MemberStatus[] = ['alive', 'leaving', 'left', 'failed']

  test('only those that are alive', () => {
    expect(statuses.map((status) => takesPart(aMember({}, status)))).toEqual([
      true,
      false,
      false,
      false,
    ])
  })

  test('those that say farewell as well, where that is the rule', () => {
    const rules = { whileLeaving: 'part' } as const
    expect(statuses.map((status) => takesPart(aMember({}, status), rules))).toEqual([
      true,
      true,
      false,
      false,
    ])
  })

  test('only those whose tags match', () => {
    const rules = { filter: tagFilter('watchTags', { ring: /^active$/ }, 'all') }
    expect(takesPart(aMember({ ring: 'active' }), rules)).toBe(true)
    expect(takesPart(aMember({ ring: 'idle' }), rules)).toBe(false)
  })

  test('nobody whose name the members could not agree on', () => {
    expect(takesPart({ ...aMember(), name: 'a\ud800' })).toBe(false)
  })
})

describe('who may come back to what it had', () => {
  const options = resolveRingOptions({ partitions: 8 })
  const saying = (standing: RingStanding): Member['tags'] => {
    const configuration = configurationOf(options, '')
    return { ring: 'active', libring: encodeRingTags([{ name: 'jobs', standing, configuration }]) }
  }
  const { reader } = aReader({ filter: tagFilter('watchTags', { ring: /^active$/ }, 'all') })
  /** What a member of these tags is taken for in each status. */
  const told = (tags: Member['tags']): readonly string[] => {
    return (['alive', 'leaving', 'left', 'failed'] as const).map((status) => {
      const { absence } = reader.candidacy(aMember(tags, status), 7)
      if (absence === undefined) return 'there'
      return `${absence.home === undefined ? 'gone' : 'away'} ${absence.incarnation}`
    })
  }

  test.each<[string, Member['tags'], readonly string[]]>([
    ['one that serves, if it fails', saying('serving'), ['there', 'gone 7', 'gone 7', 'away 7']],
    ['one that waits to, if it fails', saying('forming'), ['there', 'gone 7', 'gone 7', 'away 7']],
    ['one that says so', saying('returning'), ['away 7', 'away 7', 'away 7', 'away 7']],
    ['one that has gone so', saying('away'), ['away 7', 'away 7', 'away 7', 'away 7']],
    [
      'one that says nothing, if it fails',
      { ring: 'active' },
      ['there', 'gone 7', 'gone 7', 'away 7'],
    ],
    ['none that drains', saying('draining'), ['there', 'gone 7', 'gone 7', 'gone 7']],
    ['no router', saying('router'), ['there', 'gone 7', 'gone 7', 'gone 7']],
    ['none that took no part', { ring: 'idle' }, ['there', 'gone 7', 'gone 7', 'gone 7']],
  ])('%s', (_, tags, expected) => {
    expect(told(tags)).toEqual(expected)
  })

  test('is asked for what it may hold until it says that it has nothing', () => {
    const standings = ['forming', 'serving', 'draining', 'returning', 'away', 'router'] as const
    const asked = standings.filter((standing) => {
      const { member, bystander } = reader.candidacy(aMember(saying(standing)))
      return (member ?? bystander) !== undefined
    })
    expect(asked).toEqual(['forming', 'serving', 'draining', 'returning'])
  })

  test('nobody whose name the members could not agree on', () => {
    const { absence } = reader.candidacy({
      ...aMember({ ring: 'active' }, 'failed'),
      name: '\ud800',
    })
    expect(absence).toEqual({ incarnation: 0, home: undefined })
  })
})
