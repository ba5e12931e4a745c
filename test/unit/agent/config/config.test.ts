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

  test('of a wrong value is told with the value', () => {
    expect(wrong({ ring: { partitions: 'x' } })).toThrow(/f: ring\.partitions: .*"x"/)
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

  test('given by a flag that is malformed is told', () => {
    expect(() => flags({ tag: ['zone'] })).toThrow('--tag: must be key=value, and it is zone')
    expect(() => configOf([flags({ partitions: 'many' })])).toThrow(/the flags: ring\.partitions/)
  })
})
