import { expect, test } from 'vitest'
import { OptionError } from '../../../packages/libring/src/base/errors.ts'
import {
  resolveSecurityOptions,
  securityOf,
  type SecurityOptions,
} from '../../../packages/libring/src/gossip/security-options.ts'
import { systemCipher } from '../../../packages/libring/src/runtime/cipher.ts'

const key = (length: number) => new Uint8Array(length).fill(7)
const resolve = (options: SecurityOptions) => resolveSecurityOptions(options, 'serf.')

test('without keys nothing is encrypted', () => {
  const { seal, label } = securityOf(resolve({}), systemCipher)
  expect(seal).toBeUndefined()
  expect(label).toHaveLength(0)
})

test.each([16, 24, 32])('a key of %i bytes may be given as bytes or as Base64', (length) => {
  const base64 = Buffer.from(key(length)).toString('base64')
  expect(resolve({ keyring: [base64] }).keys).toEqual([key(length)])
  expect(resolve({ keyring: [key(length)] }).keys).toEqual([key(length)])
})

test('the first key seals, and both directions are verified unless said otherwise', () => {
  const keyring = [key(16), key(32)]
  const { seal } = securityOf(resolve({ keyring, label: 'blue' }), systemCipher)
  expect(seal?.keyring.primary).toEqual(key(16))
  expect(seal).toMatchObject({ verifyIncoming: true, verifyOutgoing: true })
})

test('keys may come from a file, and from there only', () => {
  const asked: string[] = []
  const read = (path: string) => {
    asked.push(path)
    return [key(16), key(32)]
  }
  const resolved = resolveSecurityOptions({ keyringFile: '/etc/keys' }, 'serf.', read)
  expect(resolved.keys).toEqual([key(16), key(32)])
  expect(asked).toEqual(['/etc/keys'])
  const both = { keyring: [key(16)], keyringFile: '/etc/keys' }
  expect(() => resolveSecurityOptions(both, 'serf.', read)).toThrow(
    'serf.keyringFile must be left out where keys are given',
  )
  expect(() => resolve({ keyringFile: '/etc/keys' })).toThrow('serf.keyringFile must be left out')
  const nowhere = { keyringFile: '' }
  expect(() => resolveSecurityOptions(nowhere, 'serf.', read)).toThrow(
    'serf.keyringFile must be the path of a file',
  )
})

test.each([
  [{ keyring: [key(15)] }, 'serf.keyring[0] must be 16, 24 or 32 bytes or their Base64'],
  [{ keyring: [key(16), 'c2VjcmV0'] }, 'serf.keyring[1] must be 16, 24 or 32 bytes'],
  [{ keyring: ['not Base64, but secret'] }, 'serf.keyring[0] must be 16, 24 or 32 bytes'],
  [
    { keyring: Array.from({ length: 65 }, () => key(16)) },
    'serf.keyring must be a list of at most',
  ],
  [{ label: 'x'.repeat(256) }, 'serf.label must be text of at most 255 bytes'],
])('what is wrong is named: %#', (options, message) => {
  expect(() => resolve(options)).toThrow(OptionError)
  expect(() => resolve(options)).toThrow(message)
})

test('no error shows a key', () => {
  const secret = 'bm90IGEga2V5LCBidXQgc2VjcmV0'
  expect(() => resolve({ keyring: [secret] })).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining(secret) as unknown }),
  )
})
