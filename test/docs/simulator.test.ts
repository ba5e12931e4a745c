import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { TRACE_LEGEND } from '../../packages/libring/src/sim/trace.ts'

function read(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
}

/** The first column of every row of the table below `heading`, and the second. */
function rowsBelow(page: string, heading: string): (readonly [string, string])[] {
  const [, part = ''] = page.split(`\n${heading}\n`)
  const [section = ''] = part.split(/^#/m)
  return [...section.matchAll(/^\| `([\w-]+)` +\| (.*?) +\|$/gm)].map(([, name, words]) => {
    return [name!, words!] as const
  })
}

test('docs/internals/simulator.md has the legend of the trace', () => {
  const rows = rowsBelow(read('docs/internals/simulator.md'), '## The trace')
  expect(rows).toEqual(Object.entries(TRACE_LEGEND))
})

test('docs/guides/testing-with-the-simulator.md names every fault', () => {
  const declared = read('packages/libring/src/sim/faults.ts').matchAll(/readonly type: '([\w-]+)'/g)
  const page = read('docs/guides/testing-with-the-simulator.md')
  const named = rowsBelow(page, '## Let something go wrong').map(([type]) => type)
  expect(named).toEqual([...declared].map(([, type]) => type))
})
