import { beforeEach, describe, expect, test } from 'vitest'
import { NO_BYTES, toBase64 } from '../../../packages/libring/src/base/bytes.ts'
import {
  changeKeys,
  encodeKeyRequest,
  keyOperationOf,
  listKeys,
} from '../../../packages/libring/src/serf/key-answers.ts'
import { Keyring } from '../../../packages/libring/src/wire/keyring.ts'

const key = (fill: number, length = 16): Uint8Array => new Uint8Array(length).fill(fill)
const request = (fill: number, length = 16): Uint8Array => encodeKeyRequest(key(fill, length))
const base64 = (keys: readonly Uint8Array[]): string[] => keys.map(toBase64)
const always = (): boolean => true

let keyring: Keyring

beforeEach(() => {
  keyring = new Keyring([key(1)])
})

test('a key is installed, used and removed, as Serf answers', () => {
  const done = { type: 'key-response', result: true, message: '', keys: [], primaryKey: '' }
  expect(changeKeys('install', request(2), keyring)).toEqual(done)
  expect(changeKeys('use', request(2), keyring)).toEqual(done)
  expect(changeKeys('remove', request(1), keyring)).toEqual(done)
  expect(keyring.keys).toEqual([key(2)])
})

describe('what cannot be done is said in words, and changes nothing', () => {
  test.each([
    ['install', request(2, 17), 'key size must be 16, 24 or 32 bytes'],
    ['install', encodeKeyRequest(), 'key size must be 16, 24 or 32 bytes'],
    ['use', request(2), 'Requested key is not in the keyring'],
    ['remove', request(1), 'Removing the primary key is not allowed'],
    ['install', NO_BYTES, 'the request could not be decoded'],
    ['use', Uint8Array.of(7), 'the request could not be decoded'],
    ['remove', Uint8Array.of(7, 0xc1), 'the request could not be decoded'],
    ['install', Uint8Array.of(8, 0x80), 'the request could not be decoded'],
  ] as const)('%s %j', (operation, payload, message) => {
    expect(changeKeys(operation, payload, keyring)).toMatchObject({ result: false, message })
    expect(keyring.keys).toEqual([key(1)])
  })

  test('where nothing is encrypted', () => {
    const message = 'No keyring to modify (encryption not enabled)'
    expect(changeKeys('install', request(2), undefined)).toMatchObject({ result: false, message })
    expect(listKeys(undefined, 1_024, always)).toMatchObject({
      result: false,
      message: 'Keyring is empty (encryption not enabled)',
    })
  })
})

test('all keys are told, the one in use apart', () => {
  keyring.install(key(2, 32))
  keyring.use(key(2, 32))
  expect(listKeys(keyring, 1_024, always)).toEqual({
    type: 'key-response',
    result: true,
    message: '',
    keys: base64([key(2, 32), key(1)]),
    primaryKey: toBase64(key(2, 32)),
  })
})

test('of too many keys as many are told as there is room for, and how many there are', () => {
  for (let fill = 2; fill <= 64; fill++) keyring.install(key(fill, 32))
  const { keys, message } = listKeys(keyring, 1_024, ({ length }) => length <= 960)
  expect(keys.length).toBeGreaterThan(10)
  expect(message).toBe(`truncated key list response, showing first ${keys.length} of 64 keys`)
  expect(keys).toEqual(base64(keyring.keys.slice(0, keys.length)))
  const none = listKeys(keyring, 1_024, () => false)
  expect(none).toMatchObject({ result: false, message: 'there is no room for a single key' })
})

test('queries about keys are known by their names', () => {
  expect(keyOperationOf('_serf_install-key')).toBe('install')
  expect(keyOperationOf('_serf_list-keys')).toBe('list')
  expect(keyOperationOf('install')).toBeUndefined()
})
