import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { FLAGS } from '../../packages/agent/src/cli/agent-flags.ts'

const page = readFileSync('docs/reference/agent-options.md', 'utf8')
const schema = readFileSync('packages/agent/src/config/schema.ts', 'utf8')

/** Keys of an interface of the schema. */
function keysOf(name: string): string[] {
  const [, rest = ''] = schema.split(`interface ${name} {`)
  const [body = ''] = rest.split(/^}/m)
  return [...body.matchAll(/^ {2}readonly (\w+)/gm)].map(([, key]) => key!)
}

/** Rows of the tables: the key, and the flag without its dash. */
const rows = [
  ...page.matchAll(/^\| `(\w+)` +\| (?:`-([\w-]+)[^`]*`)? *\| (.*?) +\| (.*?) +\|$/gm),
].map(([, key, flag]) => [key!, flag ?? ''] as const)
const parts = ['ring', 'http']

test('the page of an agent’s options has every key once', () => {
  const own = keysOf('AgentConfig').filter((key) => !parts.includes(key))
  const keys = [...own, ...keysOf('RingConfig'), ...keysOf('HttpConfig')]
  expect(rows.map(([key]) => key).toSorted()).toEqual(keys.toSorted())
})

test('and beside each the flag that there is for it', () => {
  const flags = FLAGS.map(({ flag, key }) => {
    return `${key.replace('ring.', '')} ${flag.split(' ')[0]}`
  })
  const told = rows.filter(([, flag]) => flag !== '').map((row) => row.join(' '))
  expect(told.toSorted()).toEqual(flags.toSorted())
})
