import { concatBytes, equalBytes } from '../base/bytes.ts'
import type { Random } from '../base/random.ts'
import type { Cipher } from '../wire/seal.ts'

const NONCE_BYTES = 12
const TAG_BYTES = 16

/** Where the four hashes of a tag begin. */
const LANES = [0x811c9dc5, 0x9e3779b9, 0x85ebca6b, 0xc2b2ae35] as const

/**
 * Stands in for AES-GCM in a simulation, where nobody listens: nothing is hidden, but as with the
 * real one only the same key, nonce and bytes in clear open what was sealed.
 */
export class SimCipher implements Cipher {
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  nonce(): Uint8Array {
    return Uint8Array.from({ length: NONCE_BYTES }, () => this.#random.uint32() & 0xff)
  }

  seal(
    key: Uint8Array,
    nonce: Uint8Array,
    plaintext: Uint8Array,
    associated: Uint8Array,
  ): Uint8Array {
    return concatBytes([plaintext, tagOf([key, nonce, plaintext, associated])])
  }

  open(
    key: Uint8Array,
    nonce: Uint8Array,
    sealed: Uint8Array,
    associated: Uint8Array,
  ): Uint8Array | undefined {
    if (sealed.length < TAG_BYTES) return undefined
    const plaintext = sealed.subarray(0, sealed.length - TAG_BYTES)
    const tag = tagOf([key, nonce, plaintext, associated])
    return equalBytes(tag, sealed.subarray(plaintext.length)) ? plaintext : undefined
  }
}

/** FNV-1a over all parts and their lengths, in four 32-bit lanes of different beginnings. */
function tagOf(parts: readonly Uint8Array[]): Uint8Array {
  let [first, second, third, fourth]: [number, number, number, number] = [...LANES]
  const mix = (word: number): void => {
    first = Math.imul(first ^ word, 0x01000193)
    second = Math.imul(second ^ word, 0x01000193)
    third = Math.imul(third ^ word, 0x01000193)
    fourth = Math.imul(fourth ^ word, 0x01000193)
  }
  for (const part of parts) {
    mix(part.length)
    for (let at = 0; at < part.length; at++) mix(part[at]!)
  }
  const tag = new DataView(new ArrayBuffer(TAG_BYTES))
  for (const [lane, hash] of [first, second, third, fourth].entries()) tag.setInt32(4 * lane, hash)
  return new Uint8Array(tag.buffer)
}
