import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { OptionError } from '../../../packages/libring/src/base/errors.ts'
import {
  requireFunction,
  requireKnown,
  requireList,
  requireMethods,
  requireOneOf,
  requirePath,
  requirePlainObject,
  requireSignal,
  requireWhole,
} from '../../../packages/libring/src/base/require.ts'

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

class Options {
  partitions = 12
}

test.each([{}, { a: 1 }, Object.create(null), structuredClone({ a: 1 }), runInNewContext('({})')])(
  '%o is a plain object',
  (value) => {
    expect(() => requirePlainObject('options', value)).not.toThrow()
  },
)

test.each([
  [/active/, '/active/'],
  [new Map(), 'an object of class Map'],
  [new Date(0), 'an object of class Date'],
  [new Options(), 'an object of class Options'],
  [[], 'an array'],
  [null, 'null'],
  [undefined, 'undefined'],
  [5, '5'],
  ['', '""'],
  [() => {}, 'a function'],
])('%o is no plain object', (value, shown) => {
  expect(() => requirePlainObject('serf', value)).toThrow(
    new OptionError('serf', 'a plain object', value),
  )
  expect(() => requirePlainObject('serf', value)).toThrow(
    `serf must be a plain object, got ${shown}`,
  )
})

test('an option that nobody knows is named, with the one that may have been meant', () => {
  const known = ['partitions', 'redundancy']
  expect(() => requireKnown('', { partitions: 1 }, known)).not.toThrow()
  expect(() => requireKnown('ring.', { partitions: 1, partitons: 12 }, known)).toThrow(
    'ring.partitons must be left out, as there is no such option: did you mean partitions?, got 12',
  )
  expect(() => requireKnown('', { toString: undefined }, known)).toThrow(
    'toString must be left out, as there is no such option, got undefined',
  )
})

test('functions, lists, methods and signals are told from what is none', () => {
  expect(() => requireFunction('f', () => {})).not.toThrow()
  expect(() => requireFunction('f', undefined)).toThrow('f must be a function, got undefined')
  expect(() => requireList('l', [], 'a list')).not.toThrow()
  expect(() => requireList('l', 'text', 'a list')).toThrow('l must be a list, got "text"')
  expect(() => requireMethods('m', console, ['info'])).not.toThrow()
  expect(() => requireMethods('m', null, ['info'])).toThrow('m must be an object, got null')
  expect(() => requireMethods('m', { info: 1 }, ['info'])).toThrow('an object with a method info')
})

test.each([undefined, new AbortController().signal, AbortSignal.abort()])(
  '%o may be a signal',
  (value) => {
    expect(() => requireSignal('signal', value)).not.toThrow()
  },
)

test.each([null, {}, 'SIGTERM', new AbortController(), { aborted: true }, new EventTarget()])(
  '%o is no signal',
  (value) => {
    expect(() => requireSignal('signal', value)).toThrow(/^signal must be an AbortSignal, got /)
  },
)

test('a path is text without end of text', () => {
  expect(() => requirePath('file', './a b')).not.toThrow()
  for (const value of ['', 'a\0b', 7, undefined, new URL('file:///a')]) {
    expect(() => requirePath('file', value)).toThrow('file must be the path of a file')
  }
})
