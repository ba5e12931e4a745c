import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const page = readFileSync(join(root, 'docs/concepts/ownership.md'), 'utf8')

/** What a part of the page names: a file, and the title of a test or a group of tests in it. */
function evidenceIn(part: string): { file: string; title: string }[] {
  return [...part.matchAll(/^\| `(test\/[^`]+)` +\| (.*?) +\|$/gm)].map(([, file, title]) => {
    return { file: file!, title: title! }
  })
}

/** Titles as the source has them, with whatever stands in for what is filled in. */
function titlesOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8')
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const titles: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && /^(test|describe)\b/.test(node.expression.getText())) {
      const [first] = node.arguments
      if (first !== undefined && ts.isStringLiteralLike(first)) titles.push(first.text)
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return titles
}

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
