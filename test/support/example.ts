import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { descendantsOf, isRunning } from './processes.ts'
import { Program } from './program.ts'

/**
 * Run an example by the program that its `npm start` runs, and see it end by itself, with every
 * claim ticked and no process left. Returns what it printed.
 *
 * @param claims sentences that have to be among those ticked.
 */
export async function expectExample(name: string, claims: readonly RegExp[]): Promise<string> {
  const folder = new URL(`../../examples/${name}/`, import.meta.url)
  const manifest = JSON.parse(readFileSync(new URL('package.json', folder), 'utf8')) as {
    scripts: { start: string }
  }
  const readme = readFileSync(new URL('README.md', folder), 'utf8')
  expect(manifest.scripts.start).toBe('node --import tsx --conditions=libring-source src/main.ts')
  expect(readme, 'the command').toContain(`npm start -w examples/${name}`)

  await using example = new Program(fileURLToPath(new URL('src/main.ts', folder)))
  const family = new Set<number>()
  example.onOutput(() => {
    for (const pid of descendantsOf(example.pid)) family.add(pid)
  })
  const code = await example.ended()
  expect(code, example.output).toBe(0)
  const ticked = example.output.split('\n').filter((line) => line.startsWith('  ✓ '))
  for (const claim of claims) expect(ticked.join('\n')).toMatch(claim)
  expect(example.output).toContain(`All ${ticked.length} claims hold.`)
  expect(family.size).toBeGreaterThan(1)
  await expect.poll(() => [...family].filter(isRunning)).toEqual([])
  // What a page shows as printed is what is printed, but for the numbers.
  for (const line of ticked) expect(shapeOf(readme)).toContain(shapeOf(line))
  return example.output
}

/** The text without what differs from run to run. */
function shapeOf(text: string): string {
  return text.replace(/\d[\d.,]*/g, '#')
}
