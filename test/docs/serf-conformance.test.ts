import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { evidenceIn, titlesOf } from '../support/evidence.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const page = readFileSync(join(root, 'docs/internals/serf-conformance.md'), 'utf8')

describe('docs/internals/serf-conformance.md', () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8, 9])('names what shows item %i', (item) => {
    const [, part] = page.split(new RegExp(`^## ${item}\\. .*$`, 'm'))
    expect(part, `item ${item}`).toBeDefined()
    expect(evidenceIn(part!.split(/^## /m)[0]!).length).toBeGreaterThan(0)
  })

  test.each(evidenceIn(page))('$file has "$title"', ({ file, title }) => {
    expect(existsSync(join(root, file)), file).toBe(true)
    expect(titlesOf(file)).toContain(title)
  })

  test('says of every file of vectors by which test it is read', () => {
    const files = readdirSync(join(root, 'test/vectors/serf')).filter((f) => f !== 'README.md')
    expect(files.length).toBeGreaterThan(10)
    const told = [...page.matchAll(/^\| `([\w.-]+\.(?:json|txt))` +\| (.+?) +\|$/gm)]
    expect(told.map(([, file]) => file!).toSorted()).toEqual(files.toSorted())
    for (const [, file, readers] of told) {
      const tests = [...readers!.matchAll(/`(test\/[^`]+)`/g)].map(([, path]) => path!)
      expect(tests, file).not.toEqual([])
      for (const path of tests) expect(readFileSync(join(root, path), 'utf8')).toContain(file)
    }
  })
})
