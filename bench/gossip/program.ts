import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const folder = new URL('../../node_modules/.cache/libring-bench/', import.meta.url)

/**
 * A program of this folder as JavaScript that Node.js runs by itself. A loader in each of sixty
 * processes would be most of what their start costs, and a third of their memory.
 *
 * @param name without `.main.ts`. What it imports of other files here are types alone.
 */
export function programFile(name: string): string {
  const source = readFileSync(new URL(`${name}.main.ts`, import.meta.url), 'utf8')
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: {
      module: ts.ModuleKind.ES2022,
      target: ts.ScriptTarget.ES2022,
      verbatimModuleSyntax: true,
    },
  })
  const file = new URL(`${name}.mjs`, folder)
  mkdirSync(folder, { recursive: true })
  writeFileSync(file, outputText)
  return fileURLToPath(file)
}
