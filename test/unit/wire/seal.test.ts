import { describe, expect, test } from 'vitest'
import {
  concatBytes,
  fromHex,
  toHex,
  utf8Encode,
} from '../../../packages/libring/src/base/bytes.ts'
import { OptionError } from '../../../packages/libring/src/base/errors.ts'
import { systemCipher } from '../../../packages/libring/src/runtime/cipher.ts'
import { Keyring, KEYS_MAX } from '../../../packages/libring/src/wire/keyring.ts'
import { labelHeader, withoutLabel } from '../../../packages/libring/src/wire/label.ts'
import { openEnvelope, sealEnvelope, type Cipher } from '../../../packages/libring/src/wire/seal.ts'
import { serfVectors } from '../../support/vectors.ts'

interface Sealed {
  readonly aad: string
  readonly hex: string
  readonly key: string
  readonly label: string
  readonly nonce: string
  readonly plain: string
  readonly version: number
}
const vectors = serfVectors<{ packets: Sealed[]; streams: Sealed[] }>('encryption.json')
const bytes = (hex: string) => fromHex(hex)!
const key = (byte: number, length = 16) => new Uint8Array(length).fill(byte)
const withNonce = (nonce: string): Cipher => ({ ...systemCipher, nonce: () => bytes(nonce) })

/** What stands in clear before the envelope. */
const clearPart = ({ hex, aad, label }: Sealed) => {
  const header = toHex(labelHeader(utf8Encode(label)))
  return hex.startsWith(`${header}0a`) ? header + aad.slice(0, 10) : header
}

describe.each([
  ['packet', vectors.packets],
  ['stream', vectors.streams],
])('sealed by memberlist: %s', (_, sealed) => {
  test.each(
    sealed.map((vector) => [`version ${vector.version}, ${vector.hex.length / 2} bytes`, vector]),
  )('%s opens', (__, vector) => {
    const envelope = bytes(vector.hex.slice(clearPart(vector).length))
    const keys = [key(9), bytes(vector.key)]
    expect(openEnvelope(systemCipher, keys, envelope, bytes(vector.aad))).toEqual(
      bytes(vector.plain),
    )
  })

  test('and what we seal is the same, to the byte', () => {
    for (const vector of sealed.filter(({ version }) => version === 1)) {
      const { nonce, plain, aad } = vector
      const envelope = sealEnvelope(withNonce(nonce), bytes(vector.key), bytes(plain), bytes(aad))
      expect(clearPart(vector) + toHex(envelope)).toBe(vector.hex)
    }
  })
})

describe('an envelope', () => {
  const plain = utf8Encode('hello')
  const clear = utf8Encode('in clear')
  const envelope = sealEnvelope(systemCipher, key(1), plain, clear)

  test('stays shut to other keys, other bytes in clear, and once a bit has changed', () => {
    expect(openEnvelope(systemCipher, [key(2)], envelope, clear)).toBe('key')
    expect(openEnvelope(systemCipher, [key(1)], envelope, plain)).toBe('key')
    for (let at = 1; at < envelope.length; at++) {
      const changed = Uint8Array.from(envelope)
      changed[at]! ^= 1
      expect(openEnvelope(systemCipher, [key(1)], changed, clear)).toBe('key')
    }
  })

  test('cut short or of an unknown version is named', () => {
    for (let length = 0; length < envelope.length; length++) {
      const cut = openEnvelope(systemCipher, [key(1)], envelope.subarray(0, length), clear)
      expect(cut).toBe(length < 29 ? 'truncated' : 'key')
    }
    const unknown = concatBytes([Uint8Array.of(2), envelope.subarray(1)])
    expect(openEnvelope(systemCipher, [key(1)], unknown, clear)).toBe('malformed')
  })

  test.each([0, 17, 255])('padding of %i bytes is no padding', (padding) => {
    const nonce = systemCipher.nonce()
    const padded = new Uint8Array(16).fill(padding)
    const sealed = systemCipher.seal(key(1), nonce, padded, clear)
    const old = concatBytes([Uint8Array.of(0), nonce, sealed])
    expect(openEnvelope(systemCipher, [key(1)], old, clear)).toBe('malformed')
  })

  test('never uses a nonce twice', () => {
    const nonces = new Set<string>()
    for (let i = 0; i < 1_000; i++) nonces.add(toHex(systemCipher.nonce()))
    expect(nonces.size).toBe(1_000)
  })
})

describe('a keyring', () => {
  test('seals with its first key until another is made primary', () => {
    const keyring = new Keyring([key(1), key(2)])
    expect(keyring.primary).toEqual(key(1))
    expect(keyring.install(key(3, 32))).toBeUndefined()
    expect(keyring.use(key(3, 32))).toBeUndefined()
    expect(keyring.keys).toEqual([key(3, 32), key(1), key(2)])
    expect(keyring.remove(key(1))).toBeUndefined()
    expect(keyring.keys).toEqual([key(3, 32), key(2)])
  })

  test('says why it refuses, and stays as it was', () => {
    const keyring = new Keyring([key(1)])
    expect(keyring.install(key(2, 15))).toMatch(/16, 24 or 32/)
    expect(keyring.use(key(2))).toMatch(/not in the keyring/)
    expect(keyring.remove(key(1))).toMatch(/primary/)
    expect(keyring.remove(key(2))).toBeUndefined()
    expect(keyring.keys).toEqual([key(1)])
  })

  test('is bounded, and never empty', () => {
    const keyring = new Keyring([key(0)])
    for (let i = 1; i < KEYS_MAX; i++) expect(keyring.install(key(i))).toBeUndefined()
    expect(keyring.install(key(KEYS_MAX))).toMatch(/at most 64/)
    expect(() => new Keyring([])).toThrow(OptionError)
    expect(() => new Keyring([key(1, 5)])).toThrow('keyring must be keys of 16, 24 or 32 bytes')
  })
})

describe('a label', () => {
  const blue = utf8Encode('blue')
  const packet = Uint8Array.of(0, 1, 2)
  const labelled = concatBytes([labelHeader(blue), packet])

  test('comes off the packets that bear it, and no others', () => {
    expect(withoutLabel(labelled, blue)).toEqual(packet)
    expect(withoutLabel(packet, blue)).toBeUndefined()
    expect(withoutLabel(labelled, utf8Encode('red'))).toBeUndefined()
    expect(withoutLabel(labelled.subarray(0, 4), blue)).toBeUndefined()
  })

  test('is refused where there is none', () => {
    expect(withoutLabel(packet, utf8Encode(''))).toEqual(packet)
    expect(withoutLabel(labelled, utf8Encode(''))).toBeUndefined()
  })
})
