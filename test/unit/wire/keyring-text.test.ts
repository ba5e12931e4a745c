import { describe, expect, test } from 'vitest'
import { keyringText, parseKeyring } from '../../../packages/libring/src/wire/keyring-text.ts'

const key = (bytes: number, fill: number) => new Uint8Array(bytes).fill(fill)

test('a keyring is laid out as agents do it, and read back', () => {
  const keys = [key(16, 1), key(24, 2), key(32, 0xff)]
  expect(keyringText(keys)).toBe(
    [
      '[',
      '  "AQEBAQEBAQEBAQEBAQEBAQ==",',
      '  "AgICAgICAgICAgICAgICAgICAgICAgIC",',
      '  "//////////////////////////////////////////8="',
      ']',
    ].join('\n'),
  )
  expect(parseKeyring(keyringText(keys))).toEqual({ keys })
})

test('the layout does not matter', () => {
  expect(parseKeyring(' ["AQEBAQEBAQEBAQEBAQEBAQ=="]\n')).toEqual({ keys: [key(16, 1)] })
})

describe('refused, with the rule', () => {
  const secret = 'c2VjcmV0c2VjcmV0c2VjcmV0'
  test.each([
    ['', 'must hold a JSON array of keys in Base64'],
    [`"${secret}"`, 'must hold a JSON array of keys in Base64'],
    [`["${secret}`, 'must hold a JSON array of keys in Base64'],
    ['{}', 'must hold a JSON array of keys in Base64'],
    ['[]', 'must hold 1 to 64 keys, holds 0'],
    [keyringText(Array.from({ length: 65 }, () => key(16, 1))), 'must hold 1 to 64 keys, holds 65'],
    [`["AQEBAQEBAQEBAQEBAQEBAQ==", 7]`, 'must hold keys in Base64: [1] is none'],
    [`["${secret}!"]`, 'must hold keys in Base64: [0] is none'],
    [`["${secret}"]`, 'must hold keys of 16, 24 or 32 bytes: [0] has 18'],
  ])('%j', (text, rule) => {
    expect(parseKeyring(text)).toEqual({ rule })
  })
})
