import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { snippetErrors, snippetsOf } from '../support/snippets.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const pages = [
  ...readdirSync(root).filter((path) => path.endsWith('.md')),
  ...['docs', 'examples', 'packages'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.md') && !/node_modules|dist/.test(path))
      .map((path) => join(folder, path)),
  ),
].map((page) => ({ page, markdown: readFileSync(join(root, page), 'utf8') }))

test('every TypeScript snippet of every page compiles', () => {
  const snippets = pages.flatMap(({ page, markdown }) => snippetsOf(page, markdown))
  expect(snippets.length).toBeGreaterThan(3)
  expect(snippetErrors(root, snippets)).toEqual([])
})

test('a snippet that does not compile is told by page and line', () => {
  const markdown =
    'Text\n\n```ts\nconst one: number = 1\n```\n\n```ts continued\nconst two: string = one\n```\n'
  expect(snippetErrors(root, snippetsOf('page.md', markdown))).toEqual([
    "page.md, line 2 of the program at 4: Type 'number' is not assignable to type 'string'.",
  ])
})

test.each(pages)('the links of $page lead somewhere', ({ page, markdown }) => {
  const prose = markdown.replace(/^```.*?^```$/gms, '')
  const targets = [...prose.matchAll(/\]\(([^)\s]+)\)|(?:src|href)="([^"]+)"/g)]
    .map(([, link, attribute]) => link ?? attribute!)
    .filter((target) => !/^(https?:|mailto:|#)/.test(target))
  const broken = targets.filter((target) => {
    return !existsSync(join(root, dirname(page), target.split('#', 1)[0]!))
  })
  expect(broken).toEqual([])
})
