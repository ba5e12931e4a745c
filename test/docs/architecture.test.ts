import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { LAYERS } from '../support/architecture.ts'

const page = readFileSync(new URL('../../docs/internals/architecture.md', import.meta.url), 'utf8')
const source = new URL('../../packages/libring/src/', import.meta.url)

test('every file that docs/internals/architecture.md names is there', () => {
  const named = new Set(
    [...page.matchAll(/\b[a-z]+(?:\/[a-z0-9-]+)+\.ts\b/g)].map(([path]) => path),
  )
  named.delete('test/unit/architecture.test.ts')
  expect(named.size).toBeGreaterThan(40)
  expect([...named].filter((path) => !existsSync(new URL(path, source)))).toEqual([])
})

test('its table of layers is the one that imports are held to, as far as it is built', () => {
  const rows = [...page.matchAll(/^\| +(\d+) \| ((?:`[a-z]+`(?:, )?)+) +\|/gm)].map(
    ([, line, folders]) => [Number(line), [...folders!.matchAll(/[a-z]+/g)].map(([name]) => name)],
  )
  const built = LAYERS.map((folders, line) => {
    return [line, folders.filter((folder) => existsSync(new URL(folder, source))).sort()] as const
  }).filter(([, folders]) => folders.length > 0)
  expect(rows.map(([line, folders]) => [line, (folders as string[]).sort()]).reverse()).toEqual(
    built,
  )
})

test('every file that docs/internals/ownership.md lists is there', () => {
  const ownership = new URL('../../docs/internals/ownership.md', import.meta.url)
  const [, table] = /^## Where what is\n(.*?)^#/ms.exec(readFileSync(ownership, 'utf8'))!
  const listed = [...table!.matchAll(/`([a-z-]+\.ts)`/g)].map(([, file]) => file!)
  expect(listed.length).toBeGreaterThan(25)
  expect(listed.filter((file) => !existsSync(new URL(`ownership/${file}`, source)))).toEqual([])
})
