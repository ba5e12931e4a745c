import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { configOf } from '../../../../packages/agent/src/config/config.ts'
import { readConfigFile, readConfigFolder } from '../../../../packages/agent/src/config/files.ts'
import { flagsSource } from '../../../../packages/agent/src/cli/agent-flags.ts'

const folder = mkdtempSync(join(tmpdir(), 'libring-config-'))

afterAll(() => rmSync(folder, { recursive: true }))

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const flags = (given: Record<string, unknown>) => {
  return flagsSource({ configFile: [], configDir: [], ...given })
}

describe('files', () => {
  test('say the same in JSON, TOML and YAML', () => {
    const json = file(
      'a.json',
      '{"node_name": "ann", "tags": {"zone": "a"}, "retry_join": ["h:1"], "ring": {"partitions": 64}}',
    )
    const toml = file(
      'a.toml',
      'node_name = "ann"\nretry_join = ["h:1"]\n[tags]\nzone = "a"\n[ring]\npartitions = 64\n',
    )
    const yaml = file(
      'a.yaml',
      'node_name: ann\ntags: {zone: a}\nretry_join: ["h:1"]\nring:\n  partitions: 64\n',
    )
    const read = [json, toml, yaml].map((path) => configOf([readConfigFile(path)]))
    expect(read[0]).toMatchObject({
      ...{ node_name: 'ann', tags: { zone: 'a' }, retry_join: ['h:1'] },
      ring: { partitions: 64, watch_tag: 'ring=active' },
    })
    expect(read[1]).toEqual(read[0])
    expect(read[2]).toEqual(read[0])
  })

  test('of a folder are read in the order of their names, and others left alone', () => {
    file('b1.yaml', 'node_name: first')
    file('b2.json', '{"node_name": "second"}')
    file('notes.txt', 'nothing')
    const names = readConfigFolder(folder).map(({ name }) => name.slice(folder.length + 1))
    expect(names.filter((name) => name.startsWith('b'))).toEqual(['b1.yaml', 'b2.json'])
    expect(names).not.toContain('notes.txt')
  })

  test.each([
    ['{"node_name": }', 'x.json', /x\.json: .*position|x\.json: Unexpected/],
    ['node_name = \n', 'x.toml', /x\.toml: Invalid TOML.*\n*.*1/s],
    ['a: [1\n', 'x.yaml', /x\.yaml: .*line 2/s],
    ['[1]', 'y.json', /y\.json: must hold keys and values/],
    ['{}', 'y.hcl', /y\.hcl: must end in \.json, \.toml, \.yaml, \.yml/],
  ])('that cannot be read are named, with what is wrong: %j', (text, name, wrong) => {
    expect(() => readConfigFile(file(name, text))).toThrow(wrong)
  })
})

describe('an option', () => {
  const wrong = (values: Record<string, unknown>) => () => configOf([{ name: 'f', values }])

  test('that there is not is told with the one that is near', () => {
    expect(wrong({ nod_name: 'x' })).toThrow('f: there is no key nod_name; node_name is near')
    expect(wrong({ ring: { partition: 4 } })).toThrow(/no key ring\.partition; partitions is near/)
    expect(wrong({ quite_another: 1 })).toThrow(/there is no key quite_another$/)
  })

  test.each(['abc', 'AAAAAAAAAAAAAAAAAAAAAAA', Buffer.alloc(20).toString('base64')])(
    'that is a key and no right one is told without it: %s',
    (key) => {
      const told = 'f: encrypt_key: must be 16, 24 or 32 bytes in Base64'
      expect(wrong({ encrypt_key: key })).toThrow(new RegExp(`^${told}$`))
    },
  )

  test.each([16, 24, 32])('that is a key of %d bytes is taken', (length) => {
    const key = Buffer.alloc(length, 7).toString('base64')
    expect(wrong({ encrypt_key: key })().encrypt_key).toBe(key)
  })

  test('of a wrong value is told with the value', () => {
    expect(wrong({ ring: { partitions: 'x' } })).toThrow(/f: ring\.partitions: .*"x"/)
    expect(wrong({ tags: ['zone=a'] })).toThrow('f: tags: must be tags and their values')
    expect(wrong({ log_level: 'loud' })).toThrow(/f: log_level: .*"loud"/)
    expect(wrong({ ring: { watch_tag: 'ring' } })).toThrow(
      'f: ring.watch_tag: must be tag=value, and it is "ring"',
    )
  })

  test('that a later source has counts, where lists and tags come together', () => {
    const config = configOf([
      { name: 'f', values: { node_name: 'ann', tags: { a: '1', b: '1' }, start_join: ['x'] } },
      flags({ node: 'bob', tag: ['b=2', 'c=x=y'], join: ['y'], partitions: '8' }),
    ])
    expect(config).toMatchObject({
      ...{ node_name: 'bob', tags: { a: '1', b: '2', c: 'x=y' }, start_join: ['x', 'y'] },
      ring: { partitions: 8 },
    })
  })

  test.each([
    ['retry_interval', '99ms', '"99ms"', 'from 100ms to 24h'],
    ['retry_interval', 'soon', '"soon"', 'such as 30s'],
    ['broadcast_timeout', '601s', '"601s"', 'from 1ms to 600s'],
    ['reconnect_interval', '61m', '"61m"', 'from 1ms to 1h'],
    ['tombstone_timeout', '8761h', '"8761h"', 'from 1ms to 8760h'],
  ])('%s that is no duration, or out of range, is told: %s', (key, value, given, rule) => {
    expect(wrong({ [key]: value })).toThrow(`f: ${key}: must be a duration`)
    expect(wrong({ [key]: value })).toThrow(rule)
    expect(wrong({ [key]: value })).toThrow(`and it is ${given}`)
  })

  test.each([
    ['user_event_size_limit', 63, 'from 64 to 9216'],
    ['query_size_limit', 65_508, 'from 128 to 65507'],
    ['query_response_size_limit', 1.5, 'from 128 to 65507'],
    ['retry_max_attempts', -1, 'from 0 to 1000000'],
  ])('%s out of range is told: %s', (key, value, range) => {
    expect(wrong({ [key]: value })).toThrow(
      `f: ${key}: must be a whole number ${range}, and it is ${value}`,
    )
  })

  test.each([
    [
      { requests_per_second: 0 },
      'http.requests_per_second: must be a whole number from 1 to 1000000, and it is 0',
    ],
    [{ body_bytes_max: 16_777_217 }, 'http.body_bytes_max: must be a whole number from 1024'],
    [
      { allowed_hosts: ['ring:80'] },
      'http.allowed_hosts.0: must be a host name, without a port, and it is "ring:80"',
    ],
    [
      { request_per_second: 1 },
      'there is no key http.request_per_second; requests_per_second is near',
    ],
    [
      { request_timeout_ms: 4_000 },
      'http.headers_timeout_ms: must be at most http.request_timeout_ms, which is 4000, and it is 5000',
    ],
  ])('of http is told by name, rule and value: %j', (http, words) => {
    expect(wrong({ http })).toThrow(words)
  })

  test('consumer_timeout_ms is told by name, rule and value', () => {
    expect(wrong({ consumer_timeout_ms: 99 })).toThrow(
      'f: consumer_timeout_ms: must be a whole number from 100 to 86400000, and it is 99',
    )
  })

  test('of Serf’s, given by a flag, is what a file says', () => {
    const config = configOf([
      flags({
        ...{ retryInterval: '1m30s', retryMax: '3', replay: true, broadcastTimeout: '2s' },
        ...{ disableCompression: true, role: 'web', tag: ['a=1'], retryJoin: ['h'] },
      }),
    ])
    expect(config).toMatchObject({
      ...{ retry_interval: 90_000, retry_max_attempts: 3, replay_on_join: true },
      ...{ broadcast_timeout: 2_000, enable_compression: false, retry_join: ['h'] },
      tags: { a: '1', role: 'web' },
    })
    const values = {
      ...{ retry_interval: '1m30s', retry_max_attempts: 3, replay_on_join: true, role: 'web' },
      ...{
        broadcast_timeout: '2s',
        enable_compression: false,
        retry_join: ['h'],
        tags: { a: '1' },
      },
    }
    expect(configOf([{ name: 'f', values }])).toEqual(config)
  })

  test('tags_file does not go with tags, in one source or several', () => {
    const file = { name: 'f', values: { tags_file: 't.json' } }
    expect(configOf([file])).toMatchObject({ tags_file: 't.json', tags: {} })
    for (const more of [{ tag: ['zone=a'] }, { role: 'web' }]) {
      expect(() => configOf([file, flags(more)])).toThrow(
        /tags_file: not together with tags, and there are tags: (zone|role)/,
      )
    }
  })

  test('given by a flag that is malformed is told', () => {
    expect(() => flags({ tag: ['zone'] })).toThrow('--tag: must be key=value, and it is zone')
    expect(() => configOf([flags({ partitions: 'many' })])).toThrow(/the flags: ring\.partitions/)
  })
})
