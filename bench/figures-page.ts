import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'

function fileOf(name: string): URL {
  return new URL(`results/${name}.json`, import.meta.url)
}

/** What was measured before; nothing where there is nothing. */
export function readResults<T extends object>(name: string): T {
  try {
    return JSON.parse(readFileSync(fileOf(name), 'utf8')) as T
  } catch {
    return {} as T
  }
}

export function writeResults(name: string, results: object): void {
  mkdirSync(new URL('.', fileOf(name)), { recursive: true })
  writeFileSync(fileOf(name), `${JSON.stringify(results, undefined, 2)}\n`)
}

/**
 * Replace the figures of that name on a page.
 *
 * @param pageName below `docs/`, without its ending.
 */
export function writeFigures(
  name: string,
  lines: readonly string[],
  pageName = 'internals/routing-figures',
): void {
  const page = new URL(`../docs/${pageName}.md`, import.meta.url)
  const text = readFileSync(page, 'utf8')
  const start = `<!-- figures: ${name} -->`
  const end = `<!-- end of figures: ${name} -->`
  const before = text.slice(0, text.indexOf(start) + start.length)
  const after = text.slice(text.indexOf(end))
  writeFileSync(page, `${before}\n\n${lines.join('\n')}\n\n${after}`)
}
