import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { evidenceIn, titlesOf } from '../support/evidence.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const page = readFileSync(join(root, 'docs/concepts/ownership.md'), 'utf8')

describe('docs/concepts/ownership.md', () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])('names what shows promise %i', (promise) => {
    const [, part] = page.split(new RegExp(`^### ${promise}\\. .*$`, 'm'))
    expect(part, `promise ${promise}`).toBeDefined()
    expect(evidenceIn(part!.split(/^#/m)[0]!).length).toBeGreaterThan(0)
  })

  test.each(evidenceIn(page))('$file has "$title"', ({ file, title }) => {
    expect(existsSync(join(root, file)), file).toBe(true)
    expect(titlesOf(file)).toContain(title)
  })
})
