import { describe, expect, test } from 'vitest'
import { OptionError } from '../../../packages/libring/src/base/errors.ts'
import { fixedMembers } from '../../../packages/libring/src/cluster/fixed-members.ts'
import {
  resolveClusterOptions,
  type ClusterOptions,
} from '../../../packages/libring/src/cluster/options.ts'

const membership = fixedMembers({
  self: 'ann',
  members: [{ name: 'ann', host: '10.0.0.1', port: 7_946 }],
})

function refusal(options: object): unknown {
  try {
    resolveClusterOptions(options as ClusterOptions)
  } catch (error) {
    return error
  }
  return undefined
}

test('every option has a default', () => {
  const resolved = resolveClusterOptions()
  expect(resolved).toMatchObject({
    membership: undefined,
    gossip: {},
    ring: { partitions: 512, redundancy: 3, keyHash: 'murmur3' },
    ownership: { settleMs: 1_000, releaseTimeoutMs: 10_000, minMembers: 1, formAlone: true },
    members: {
      shareTags: { weight: 'weight', zone: 'zone' },
      whileLeaving: 'no part',
      foreignHosts: 'refuse',
    },
    handlers: {},
  })
})

test('options given as undefined are not given', () => {
  const options = { partitions: undefined, serf: undefined, hostName: undefined, logger: undefined }
  expect(refusal({ ...options, membership, bootstrapHosts: undefined })).toBeUndefined()
})

test('bootstrap hosts and host name are short for those of serf', () => {
  const { gossip } = resolveClusterOptions({
    bootstrapHosts: ['lb.example'],
    hostName: 'ann',
    serf: { profile: 'local', tags: { ring: 'active' } },
  })
  expect(gossip).toEqual({
    profile: 'local',
    tags: { ring: 'active' },
    bootstrapHosts: ['lb.example'],
    hostName: 'ann',
  })
})

test('the modes of Go libring know no weights or zones, and count who is leaving', () => {
  expect(resolveClusterOptions({ assignment: 'go-uniform' }).members).toMatchObject({
    shareTags: undefined,
    whileLeaving: 'part',
  })
})

test('grace is part of what all members agree on', () => {
  const restOf = (options: object) => resolveClusterOptions(options).configuration.rest
  expect(restOf({ graceMs: 60_000 })).not.toBe(restOf({}))
  expect(restOf({ graceMs: 0 })).toBe(restOf({}))
})

describe('what cannot be meant is refused by name:', () => {
  const logger = { debug() {}, info() {}, warn() {} }
  const wrong: readonly (readonly [what: string, options: object, option: string])[] = [
    ['an unknown option', { partition: 12 }, 'partition'],
    ['membership and serf', { membership, serf: {} }, 'serf'],
    ['membership and bootstrap hosts', { membership, bootstrapHosts: [] }, 'bootstrapHosts'],
    ['membership and a host name', { membership, hostName: 'ann' }, 'hostName'],
    ['two host names', { hostName: 'ann', serf: { hostName: 'bob' } }, 'hostName'],
    [
      'bootstrap hosts given twice',
      { bootstrapHosts: ['a'], serf: { bootstrapHosts: ['b'] } },
      'bootstrapHosts',
    ],
    ['a membership that is none', { membership: {} }, 'membership'],
    ['serf that is no object', { serf: 'lan' }, 'serf'],
    ['a logger without a method', { logger }, 'logger'],
    ['a handler that is no function', { onAcquire: 'load' }, 'onAcquire'],
    ['partitions out of range', { partitions: 0 }, 'partitions'],
    ['a settle time out of range', { settleMs: -1 }, 'settleMs'],
    ['a mode of matching that does not exist', { watchTagsMatch: 'some' }, 'watchTagsMatch'],
    ['an empty tag name', { weightTag: '' }, 'weightTag'],
    [
      'a weight tag where members have no weights',
      { assignment: 'go-consistent', weightTag: 'cpus' },
      'weightTag',
    ],
    ['a grace out of range', { graceMs: -1 }, 'graceMs'],
    ['a grace that Go libring does not know', { assignment: 'go-uniform', graceMs: 1 }, 'graceMs'],
    ['a watched tag that is a text', { watchTags: { ring: 'active' } }, 'watchTags.ring'],
    ['a filter that is one expression', { watchTags: /active/ }, 'watchTags'],
    ['serf that is a map', { serf: new Map() }, 'serf'],
    ['a logger that is none', { logger: null }, 'logger'],
    ['a flag that is none', { allowForeignUrl: 1 }, 'allowForeignUrl'],
  ]
  test.each(wrong)('%s', (_, options, option) => {
    expect(refusal(options)).toMatchObject({ option, code: 'LIBRING_OPTION_INVALID' })
  })

  test('options that are none', () => {
    for (const options of [[], null, 5, 'x', new Map(), /x/, new (class Options {})()]) {
      expect(refusal(options as object)).toMatchObject({ option: 'options' })
      expect(refusal(options as object)).toBeInstanceOf(OptionError)
    }
  })

  test('an option with a slip in its name, with the name that may have been meant', () => {
    expect(refusal({ partitons: 12 })).toMatchObject({
      message:
        'partitons must be left out, as there is no such option: did you mean partitions?, got 12',
    })
  })
})
