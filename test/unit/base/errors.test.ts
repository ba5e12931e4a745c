import { describe, expect, test } from 'vitest'
import {
  BindError,
  ERROR_CODES,
  invariant,
  InvariantError,
  isLibringError,
  JoinError,
  LibringError,
  OptionError,
  PeerError,
  reasonOf,
} from '../../../packages/libring/src/base/errors.ts'

describe('errors that libring throws on purpose', () => {
  const cause = new Error('address already in use')
  const errors: [LibringError, string, string, string][] = [
    [
      new LibringError('LIBRING_CLOSED', 'the node was closed'),
      'LibringError',
      'LIBRING_CLOSED',
      'the node was closed',
    ],
    [
      new OptionError('serf.bind', 'an address', 'nowhere'),
      'OptionError',
      'LIBRING_OPTION_INVALID',
      'serf.bind must be an address, got "nowhere"',
    ],
    [
      new OptionError('bind', 'an address', 'nowhere').renamed('serf.bind'),
      'OptionError',
      'LIBRING_OPTION_INVALID',
      'serf.bind must be an address, got "nowhere"',
    ],
    [
      new BindError('0.0.0.0:7946', cause),
      'BindError',
      'LIBRING_BIND_FAILED',
      'cannot bind 0.0.0.0:7946: address already in use',
    ],
    [
      new JoinError([
        { address: '10.0.0.1:7946', reason: 'refused' },
        { address: 'lb', reason: 'no such name' },
      ]),
      'JoinError',
      'LIBRING_JOIN_FAILED',
      'no seed answered (10.0.0.1:7946: refused; lb: no such name)',
    ],
    [
      new PeerError('LIBRING_PEER_BUSY', 'bob', 'jobs', 'found no place'),
      'PeerError',
      'LIBRING_PEER_BUSY',
      'the request "jobs" to bob found no place',
    ],
    [new JoinError([]), 'JoinError', 'LIBRING_JOIN_FAILED', 'no seed answered (no address given)'],
  ]

  test.each(errors)('%s bears its name, code and message', (error, name, code, message) => {
    expect(error).toBeInstanceOf(LibringError)
    expect(error).toMatchObject({ name, code, message })
    expect(isLibringError(error)).toBe(true)
  })

  test('the facts are there as fields', () => {
    expect(new OptionError('tags', 'short', {}).option).toBe('tags')
    expect(new BindError('[::]:1', cause)).toMatchObject({ address: '[::]:1', cause })
    const peerError = new PeerError('LIBRING_PEER_BUSY', 'bob', 'jobs', 'found no place')
    expect(peerError).toMatchObject({ member: 'bob', topic: 'jobs' })
    const attempts = [{ address: 'a', reason: 'b' }]
    expect(new JoinError(attempts).attempts).toEqual(attempts)
  })
})

describe('the value in an option error', () => {
  const shown: [unknown, string][] = [
    ['a "quoted"', '"a \\"quoted\\""'],
    [12n, '12n'],
    [0, '0'],
    [Number.NaN, 'NaN'],
    [undefined, 'undefined'],
    [null, 'null'],
    [[1, 2], 'an array'],
    [{ secret: 1 }, 'an object'],
    [Object.create(null), 'an object'],
    [/ring/g, '/ring/g'],
    [Symbol('s'), 'Symbol(s)'],
    [new Map([['secret', 1]]), 'an object of class Map'],
    [new (class {})(), 'an object of a class'],
    [(secret: string) => secret, 'a function'],
  ]
  test.each(shown)('%o is shown as %s', (value, text) => {
    expect(new OptionError('o', 'else', value).message).toBe(`o must be else, got ${text}`)
  })
})

describe('telling our errors from others', () => {
  test('an error from a second copy of libring counts, by its code', () => {
    expect(isLibringError(Object.assign(new Error('x'), { code: 'LIBRING_CLOSED' }))).toBe(true)
  })

  test.each([
    Object.assign(new Error('x'), { code: 'EADDRINUSE' }),
    Object.assign(new Error('x'), { code: 'toString' }),
    Object.assign(new Error('x'), { code: 7 }),
    new Error('no code'),
    { code: 'LIBRING_CLOSED' },
    'LIBRING_CLOSED',
    undefined,
  ])('%o does not', (other) => {
    expect(isLibringError(other)).toBe(false)
  })

  test('every code says what to do', () => {
    for (const [code, advice] of Object.entries(ERROR_CODES)) {
      expect(code).toMatch(/^LIBRING_[A-Z_]+$/)
      expect(advice.length).toBeGreaterThan(10)
    }
  })
})

test('a broken invariant throws, a kept one does not', () => {
  expect(() => invariant(true, 'fine')).not.toThrow()
  expect(() => invariant(false, 'one owner')).toThrow(InvariantError)
  expect(() => invariant(false, 'one owner')).toThrow('one owner')
  expect(isLibringError(new InvariantError('x'))).toBe(false)
})

test('the reason of whatever was thrown is text', () => {
  expect(reasonOf(new Error('broken'))).toBe('broken')
  expect(reasonOf('text')).toBe('text')
  expect(reasonOf(undefined)).toBe('undefined')
  expect(reasonOf(Symbol('s'))).toBe('Symbol(s)')
})
