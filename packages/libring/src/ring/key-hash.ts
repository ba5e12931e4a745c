import { utf8Encode } from '../base/bytes.ts'
import { OptionError } from '../base/errors.ts'
import { fnv1a64Bytes, fnv1a64Text, remainderOf } from './fnv1a64.ts'
import { murmur3Bytes, murmur3Text } from './murmur3.ts'

/** A key hash of one's own. Every member and client of a ring has to use the same. */
export interface CustomKeyHash {
  /** Goes into the cluster's agreed configuration. 1 to 16 letters, digits, `.`, `_` or `-`. */
  readonly name: string
  /**
   * A whole number from 0 to 2^53 - 1, the same for the same bytes everywhere and at any time.
   * Text keys come as their UTF-8 bytes.
   */
  readonly hash: (key: Uint8Array) => number
}

/** How a key becomes a number: the remainder by the partition count is its partition. */
export type KeyHash = 'murmur3' | 'fnv1a64' | CustomKeyHash

export type Key = string | Uint8Array

/** A key to its partition, from 0 to the partition count less one. */
export type KeyPartitioner = (key: Key) => number

/** The name that stands for `keyHash` in configurations and reports. */
export function keyHashName(keyHash: KeyHash): string {
  return typeof keyHash === 'string' ? keyHash : keyHash.name
}

/**
 * The function from keys to partitions. Those of the two built-in hashes allocate nothing, and
 * text and its UTF-8 bytes are one key.
 *
 * The function throws an {@link OptionError} for a key that is neither text nor bytes.
 */
export function keyPartitioner(keyHash: KeyHash, partitions: number): KeyPartitioner {
  if (keyHash === 'murmur3') {
    return (key) => {
      const hash = typeof key === 'string' ? murmur3Text(key) : murmur3Bytes(requireBytes(key))
      return (hash >>> 0) % partitions
    }
  }
  if (keyHash === 'fnv1a64') {
    const hash = new Uint32Array(2)
    return (key) => {
      if (typeof key === 'string') fnv1a64Text(key, hash)
      else fnv1a64Bytes(requireBytes(key), hash)
      return remainderOf(hash, partitions)
    }
  }
  return (key) => {
    const hash = keyHash.hash(typeof key === 'string' ? utf8Encode(key) : requireBytes(key))
    if (Number.isSafeInteger(hash) && hash >= 0) return hash % partitions
    throw new OptionError('keyHash.hash', 'a function to whole numbers from 0 to 2^53 - 1', hash)
  }
}

/** @throws {OptionError} unless `keyHash` is one of ours, or a hash with a usable name. */
export function requireKeyHash(keyHash: unknown): void {
  if (keyHash === 'murmur3' || keyHash === 'fnv1a64') return
  if (typeof keyHash !== 'object' || keyHash === null || !('hash' in keyHash)) {
    throw new OptionError('keyHash', 'murmur3, fnv1a64 or an object with name and hash', keyHash)
  }
  if (typeof keyHash.hash !== 'function') {
    throw new OptionError('keyHash.hash', 'a function', keyHash.hash)
  }
  const name = 'name' in keyHash ? keyHash.name : undefined
  const usable = typeof name === 'string' && /^[\w.-]{1,16}$/.test(name)
  if (usable && name !== 'murmur3' && name !== 'fnv1a64') return
  throw new OptionError('keyHash.name', '1 to 16 letters, digits, ".", "_" or "-", not ours', name)
}

// Anything else with a length would hash to something, and the mistake would go unseen.
function requireBytes(key: unknown): Uint8Array {
  if (key instanceof Uint8Array) return key
  throw new OptionError('key', 'a string or a Uint8Array', key)
}
