import { readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const source = fileURLToPath(new URL('../../../packages/libring/src', import.meta.url))

/** Everything that a file imports or exports from, directly or not, as paths below the sources. */
function reach(file: string, found: Set<string> = new Set()): Set<string> {
  if (found.has(file)) return found
  found.add(file)
  const text = readFileSync(file, 'utf8')
  for (const [, specifier] of text.matchAll(/(?:\bfrom |\bimport[ (])'([^'\n]+)'/g)) {
    if (specifier!.startsWith('.')) reach(join(dirname(file), specifier!), found)
    else found.add(specifier!)
  }
  return found
}

test('libring/ring reaches nothing outside the pure layers', () => {
  const files = [...reach(join(source, 'entries/ring.ts'))].map((file) =>
    file.startsWith(source) ? relative(source, file).split(sep).join('/') : file,
  )
  expect(files).toContain('ring/balanced/repair.ts')
  expect(files).toContain('base/errors.ts')
  expect(files.filter((file) => !/^(ring|base)\/|^entries\/ring\.ts$/.test(file))).toEqual([])
})
