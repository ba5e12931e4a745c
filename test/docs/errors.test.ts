import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ERROR_CODES } from '../../packages/libring/src/base/errors.ts'

test('docs/reference/errors.md lists every code with the words of the library', () => {
  const page = readFileSync(new URL('../../docs/reference/errors.md', import.meta.url), 'utf8')
  const rows = [...page.matchAll(/^\| `(LIBRING_\w+)` +\| (.*?) +\|$/gm)]
  const documented = rows.map(([, code, meaning]) => [code, meaning])
  expect(Object.fromEntries(documented)).toEqual(ERROR_CODES)
  expect(documented.map(([code]) => code)).toEqual(Object.keys(ERROR_CODES))
})
