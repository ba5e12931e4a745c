import { expect, test } from 'vitest'
import { withTwoDashes } from '../../../../packages/agent/src/config/dashes.ts'

test('flags may have one dash or two, and single letters have one', () => {
  const given = ['agent', '-node', 'ann', '-tag=a=-b', '--join', 'x', '-V', '-', '-1']
  const expected = ['agent', '--node', 'ann', '--tag=a=-b', '--join', 'x', '-V', '-', '-1']
  expect(withTwoDashes(given)).toEqual(expected)
})

test('what stands behind two dashes alone is left as it is', () => {
  expect(withTwoDashes(['-node', '--', '-node'])).toEqual(['--node', '--', '-node'])
})
