import { readdirSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { architectureViolations, type SourceFile } from '../support/architecture.ts'

const library = fileURLToPath(new URL('../../packages/libring', import.meta.url))
const root = join(library, 'src')

const files: SourceFile[] = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => ({
    path: path.split(sep).join('/'),
    text: readFileSync(join(root, path), 'utf8'),
  }))

test('every file of the library keeps to its layer', () => {
  expect(files.length).toBeGreaterThan(20)
  expect(architectureViolations(files)).toEqual([])
})

test('every entry is a subpath of the package, and every subpath is an entry', () => {
  const manifest = JSON.parse(readFileSync(join(library, 'package.json'), 'utf8')) as {
    exports: Record<string, { 'libring-source'?: string }>
  }
  const subpaths = Object.values(manifest.exports).flatMap(
    (target) => target['libring-source'] ?? [],
  )
  const entries = files.filter(({ path }) => path.startsWith('entries/'))
  expect(subpaths.sort()).toEqual(entries.map(({ path }) => `./src/${path}`).sort())
})

describe('the checker sees', () => {
  const neighbours: SourceFile[] = [
    { path: 'base/time.ts', text: 'export type Millis = number' },
    { path: 'ring/ring.ts', text: 'export const ring = 1' },
    { path: 'swim/probe.ts', text: 'export const probe = 1' },
    { path: 'cluster/cluster.ts', text: 'export const cluster = 1' },
    { path: 'entries/index.ts', text: "export { cluster } from '../cluster/cluster.ts'" },
  ]
  const violationsOf = (path: string, text: string) =>
    architectureViolations([...neighbours, { path, text }])

  test.each([
    ['an import upwards', 'ring/x.ts', "import { probe } from '../swim/probe.ts'"],
    ['a type import upwards', 'base/x.ts', "import type { a } from '../ring/ring.ts'"],
    ['an inline type import upwards', 'base/x.ts', "type A = import('../ring/ring.ts').A"],
    ['an export from above', 'base/x.ts', "export * from '../ring/ring.ts'"],
    ['a dynamic import upwards', 'gossip/x.ts', "void import('../cluster/cluster.ts')"],
    ['an import sideways', 'codec/x.ts', "import { ring } from '../ring/ring.ts'"],
    ['an import of an entry', 'http/x.ts', "import { cluster } from '../entries/index.ts'"],
    ['an import of the library by name', 'http/x.ts', "import { Cluster } from 'libring'"],
    ['a package in a pure folder', 'wire/x.ts', "import { encode } from '@msgpack/msgpack'"],
    ['Node in a pure folder', 'swim/x.ts', "import { createSocket } from 'node:dgram'"],
    ['Node in a shell', 'cluster/x.ts', "import { on } from 'node:events'"],
    ['Node by require', 'cluster/x.ts', "const fs = require('node:fs')"],
    ['a specifier without its ending', 'serf/x.ts', "import { probe } from '../swim/probe'"],
    ['a file that is not there', 'serf/x.ts', "import { probe } from '../swim/gone.ts'"],
    ['a folder outside the table', 'utils/x.ts', 'export const x = 1'],
    ['a file outside any folder', 'x.ts', 'export const x = 1'],
    ['an index file', 'swim/index.ts', "export { probe } from './probe.ts'"],
    ['a value among the ports', 'ports/x.ts', 'export const limit = 1'],
    ['a default export', 'swim/x.ts', 'export default function probe() {}'],
    ['Date.now', 'swim/x.ts', 'export const now = () => Date.now()'],
    ['new Date', 'cluster/x.ts', 'export const now = () => new Date()'],
    ['Date passed on', 'swim/x.ts', 'export const clock = { Date }'],
    ['Math.random', 'base/x.ts', 'export const roll = () => Math.random()'],
    ['Intl', 'ring/x.ts', 'export const order = new Intl.Collator()'],
    ['localeCompare', 'ring/x.ts', "export const order = 'a'.localeCompare('b')"],
    ['toLocaleUpperCase', 'ring/x.ts', "export const loud = 'a'.toLocaleUpperCase()"],
    ['a timer in a shell', 'gossip/x.ts', 'export const t = setTimeout(() => {}, 1)'],
    ['a turn in the simulator', 'sim/x.ts', 'export const t = setImmediate(() => {})'],
    ['the process in a shell', 'cluster/x.ts', "process.on('exit', () => {})"],
    ['an async function in a pure folder', 'swim/x.ts', 'export async function probe() {}'],
    ['a promise in a pure folder', 'serf/x.ts', 'export type Later = Promise<void>'],
  ])('%s', (_what, path, text) => {
    expect(violationsOf(path, text)).toHaveLength(1)
  })

  test.each([
    ['an import downwards', 'serf/x.ts', "import { probe } from '../swim/probe.ts'"],
    ['Node at the edge', 'runtime/x.ts', "import { createSocket } from 'node:dgram'"],
    ['time at the edge', 'runtime/x.ts', 'export const wall = () => Date.now()'],
    ['a package above the ports', 'gossip/x.ts', "import ipaddr from 'ipaddr.js'"],
    ['a turn where it is given up', 'sim/turn.ts', 'export const t = setImmediate(() => {})'],
    ['a mention in a comment', 'swim/x.ts', "// not Date.now()\nexport const a = 'new Date'"],
    ['a member that happens to be called so', 'swim/x.ts', 'export const f = (a: A) => a.Date'],
    ['a promise in a port', 'ports/x.ts', 'export type Later = Promise<void>'],
  ])('nothing wrong with %s', (_what, path, text) => {
    expect(violationsOf(path, text)).toEqual([])
  })
})
