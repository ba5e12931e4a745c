import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** What a part of the page names: a file, and the title of a test or a group of tests in it. */
export function evidenceIn(part: string): { file: string; title: string }[] {
  return [...part.matchAll(/^\| `(test\/[^`]+)` +\| (.*?) +\|$/gm)].map(([, file, title]) => {
    return { file: file!, title: title! }
  })
}

/** Titles as the source has them, with whatever stands in for what is filled in. */
export function titlesOf(file: string): string[] {
  const text = readFileSync(`${root}/${file}`, 'utf8')
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
