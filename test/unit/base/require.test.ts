import { expect, test } from 'vitest'
import { OptionError } from '../../../packages/libring/src/base/errors.ts'
import { requireOneOf, requireWhole } from '../../../packages/libring/src/base/require.ts'

test.each([1, 2, 9, 10])('%d is a whole number from 1 to 10', (value) => {
  expect(() => requireWhole('count', value, 1, 10)).not.toThrow()
})

test.each([0, 11, -1, 1.5, Number.NaN, Infinity, '5', 5n, null, undefined, [5], {}])(
  '%o is no whole number from 1 to 10',
  (value) => {
    expect(() => requireWhole('count', value, 1, 10)).toThrow(OptionError)
    expect(() => requireWhole('count', value, 1, 10)).toThrow(
      /^count must be a whole number from 1 to 10, got /,
    )
  },
)

test('a number too large to be exact is not whole', () => {
  expect(() => requireWhole('seed', 2 ** 53, 0, Infinity)).toThrow(OptionError)
})

test('one of the choices passes, anything else does not', () => {
  expect(() => requireOneOf('profile', 'lan', ['lan', 'wan'])).not.toThrow()
  for (const value of ['LAN', '', 'lan,wan', ['lan'], undefined, 1]) {
    expect(() => requireOneOf('profile', value, ['lan', 'wan'])).toThrow(
      /^profile must be one of lan, wan, got /,
    )
  }
})
