import {
  chmodSync,
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { configOf } from '../../../../packages/agent/src/config/config.ts'
import { TagsFile, withTagsFile } from '../../../../packages/agent/src/config/tags-file.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

const configWith = (path: string) => configOf([{ name: 'f', values: { tags_file: path } }])
const tagsIn = (path: string): unknown => withTagsFile(configWith(path)).tags

test('tags that were kept are read again, and there are none where there is no file', async () => {
  const path = join(temporaryFolder(), 'tags.json')
  expect(tagsIn(path)).toEqual({})
  await new TagsFile(path).keep({ zone: 'a', größe: '東京' })
  expect(tagsIn(path)).toEqual({ zone: 'a', größe: '東京' })
})

test('the file is replaced in one piece, for its owner alone, and nothing stays beside it', async () => {
  const folder = temporaryFolder()
  const path = join(folder, 'tags.json')
  writeFileSync(path, '{"zone": "a"}')
  chmodSync(path, 0o644)
  const opened = openSync(path, 'r')
  await new TagsFile(path).keep({ zone: 'b' })
  // Whoever had it open has the old one, whole.
  expect(readFileSync(opened, 'utf8')).toBe('{"zone": "a"}')
  closeSync(opened)
  expect(tagsIn(path)).toEqual({ zone: 'b' })
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(readdirSync(folder)).toEqual(['tags.json'])
})

test('the file that a link leads to is replaced, not the link', async () => {
  const folder = temporaryFolder()
  const [path, link] = [join(folder, 'tags.json'), join(folder, 'link.json')]
  symlinkSync('tags.json', link)
  await new TagsFile(link).keep({ zone: 'a' })
  await new TagsFile(link).keep({ zone: 'b' })
  expect(tagsIn(path)).toEqual({ zone: 'b' })
  expect(lstatSync(link).isSymbolicLink()).toBe(true)
})

test('of changes at the same time the last one stays', async () => {
  const path = join(temporaryFolder(), 'tags.json')
  const file = new TagsFile(path)
  await Promise.all(Array.from({ length: 20 }, (_, at) => file.keep({ at: String(at) })))
  expect(tagsIn(path)).toEqual({ at: '19' })
})

test('what could not be written is told, and what comes after it is written', async () => {
  const folder = temporaryFolder()
  const path = join(folder, 'below', 'tags.json')
  const file = new TagsFile(path)
  await expect(file.keep({ zone: 'a' })).rejects.toThrow(/ENOENT/)
  mkdirSync(join(folder, 'below'))
  await file.keep({ zone: 'b' })
  expect(tagsIn(path)).toEqual({ zone: 'b' })
})

test.each([
  ['{"zone": 1}', 'must hold names of tags and their values, each as text'],
  ['["zone"]', 'must hold names of tags and their values, each as text'],
  ['null', 'must hold names of tags and their values, each as text'],
  ['{"zone": ', 'JSON'],
])('a file with %s is refused by its name', (text, words) => {
  const path = join(temporaryFolder(), 'tags.json')
  writeFileSync(path, text)
  expect(() => tagsIn(path)).toThrow(`${path}: `)
  expect(() => tagsIn(path)).toThrow(words)
})
