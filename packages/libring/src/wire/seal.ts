import { concatBytes } from '../base/bytes.ts'

// The envelope around what is encrypted:
//
//   u8  version          1; 0 pads the plaintext to whole blocks and is only read
//   ... nonce[12]
//   ... ciphertext
//   ... tag[16]
//
// What goes with it in clear, and is authenticated too, depends on where it stands; see
// `security.ts`.

/** The version of what is sealed now. It is not authenticated. */
export const SEAL_VERSION = 1
const PADDED_VERSION = 0
const TAG_BYTES = 16
const BLOCK_BYTES = 16

/** How long a nonce is, which stands behind the version. */
export const SEAL_NONCE_BYTES = 12

/** What sealing adds to a message. */
export const SEAL_OVERHEAD_BYTES: number = 1 + SEAL_NONCE_BYTES + TAG_BYTES

/** AES-GCM, which the platform brings. */
export interface Cipher {
  /** 12 bytes that no one can foretell and that never come twice. */
  nonce(): Uint8Array

  /** The ciphertext with its 16-byte tag behind it. */
  seal(
    key: Uint8Array,
    nonce: Uint8Array,
    plaintext: Uint8Array,
    associated: Uint8Array,
  ): Uint8Array

  /** The plaintext, or `undefined` when the tag does not vouch for it. */
  open(
    key: Uint8Array,
    nonce: Uint8Array,
    sealed: Uint8Array,
    associated: Uint8Array,
  ): Uint8Array | undefined
}

/** Why an envelope stays shut: cut short, of an unknown or ill form, or sealed with no key of ours. */
export type SealFault = 'truncated' | 'malformed' | 'key'

export function sealEnvelope(
  cipher: Cipher,
  key: Uint8Array,
  plaintext: Uint8Array,
  associated: Uint8Array,
): Uint8Array {
  const nonce = cipher.nonce()
  return concatBytes([
    Uint8Array.of(SEAL_VERSION),
    nonce,
    cipher.seal(key, nonce, plaintext, associated),
  ])
}

/** The plaintext under the first of `keys` that opens the envelope. */
export function openEnvelope(
  cipher: Cipher,
  keys: readonly Uint8Array[],
  envelope: Uint8Array,
  associated: Uint8Array,
): Uint8Array | SealFault {
  if (envelope.length < SEAL_OVERHEAD_BYTES) return 'truncated'
  const version = envelope[0]
  if (version !== SEAL_VERSION && version !== PADDED_VERSION) return 'malformed'
  const nonce = envelope.subarray(1, 1 + SEAL_NONCE_BYTES)
  const sealed = envelope.subarray(1 + SEAL_NONCE_BYTES)
  for (const key of keys) {
    const plaintext = cipher.open(key, nonce, sealed, associated)
    if (plaintext === undefined) continue
    return version === PADDED_VERSION ? withoutPadding(plaintext) : plaintext
  }
  return 'key'
}

/** PKCS #7: the last byte says how many there are to take off. */
function withoutPadding(padded: Uint8Array): Uint8Array | SealFault {
  const padding = padded.at(-1) ?? 0
  if (padding < 1 || padding > BLOCK_BYTES || padding > padded.length) return 'malformed'
  return padded.subarray(0, padded.length - padding)
}
