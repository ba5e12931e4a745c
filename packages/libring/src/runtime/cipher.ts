import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { Cipher } from '../wire/seal.ts'
import { plainBytes } from './plain-bytes.ts'

const TAG_BYTES = 16

/** AES-GCM by the platform. */
export const systemCipher: Cipher = {
  nonce() {
    return plainBytes(randomBytes(12))
  },

  seal(key, nonce, plaintext, associated) {
    const cipher = createCipheriv(algorithm(key), key, nonce, { authTagLength: TAG_BYTES })
    cipher.setAAD(associated)
    return plainBytes(
      Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]),
    )
  },

  open(key, nonce, sealed, associated) {
    const tagAt = sealed.length - TAG_BYTES
    if (tagAt < 0) return undefined
    const decipher = createDecipheriv(algorithm(key), key, nonce, { authTagLength: TAG_BYTES })
    decipher.setAAD(associated)
    decipher.setAuthTag(sealed.subarray(tagAt))
    const plaintext = decipher.update(sealed.subarray(0, tagAt))
    try {
      decipher.final()
    } catch {
      return undefined
    }
    return plainBytes(plaintext)
  },
}

/** @param key of 16, 24 or 32 bytes. */
function algorithm(key: Uint8Array): 'aes-128-gcm' | 'aes-192-gcm' | 'aes-256-gcm' {
  if (key.length === 16) return 'aes-128-gcm'
  return key.length === 24 ? 'aes-192-gcm' : 'aes-256-gcm'
}
