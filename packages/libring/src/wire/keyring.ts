import { equalBytes } from '../base/bytes.ts'
import { OptionError } from '../base/errors.ts'

/** What an AES key may measure: AES-128, AES-192 or AES-256. */
export const KEY_BYTES: readonly number[] = [16, 24, 32]

/** Most keys a ring holds. More would make every packet that none of them opens expensive. */
export const KEYS_MAX = 64

/**
 * The keys of a cluster: the first, the primary key, seals what is sent; any of them opens
 * what comes.
 *
 * @see memberlist keyring.go. Its rules, and its words for breaking them, which stand in answers to queries about keys.
 */
export class Keyring {
  #keys: readonly Uint8Array[] = []

  /**
   * @param keys primary first; the same key twice counts once.
   * @throws {OptionError} when there are none or too many, or one is of the wrong size.
   */
  constructor(keys: readonly Uint8Array[], option = 'keyring') {
    if (keys.length === 0 || keys.length > KEYS_MAX) {
      throw new OptionError(option, `a list of 1 to ${KEYS_MAX} keys`, `${keys.length} keys`)
    }
    for (const key of keys) {
      const refusal = this.install(key)
      if (refusal !== undefined) {
        throw new OptionError(option, 'keys of 16, 24 or 32 bytes', `one of ${key.length}`)
      }
    }
  }

  /** All keys, the primary first. The array never changes; a change of keys makes a new one. */
  get keys(): readonly Uint8Array[] {
    return this.#keys
  }

  /** The key that seals what is sent. */
  get primary(): Uint8Array {
    return this.#keys[0]!
  }

  /**
   * Add a key, last. Returns why not, or `undefined` when it is there now. A key that was there counts as
   * a change all the same, as with the others: it is to be kept, though the time before it could not be.
   */
  install(key: Uint8Array): string | undefined {
    if (!KEY_BYTES.includes(key.length)) return 'key size must be 16, 24 or 32 bytes'
    const isNew = this.#indexOf(key) < 0
    if (isNew && this.#keys.length === KEYS_MAX) return `a keyring holds at most ${KEYS_MAX} keys`
    this.#keys = isNew ? [...this.#keys, key.slice()] : [...this.#keys]
    return undefined
  }

  /** Make a key the primary. Returns why not, or `undefined` when it is. */
  use(key: Uint8Array): string | undefined {
    const at = this.#indexOf(key)
    if (at < 0) return 'Requested key is not in the keyring'
    this.#keys = [this.#keys[at]!, ...this.#keys.filter((_, index) => index !== at)]
    return undefined
  }

  /** Take a key out. Returns why not, or `undefined` when it is not there any more. */
  remove(key: Uint8Array): string | undefined {
    const at = this.#indexOf(key)
    if (at === 0) return 'Removing the primary key is not allowed'
    this.#keys = this.#keys.filter((_, index) => index !== at)
    return undefined
  }

  #indexOf(key: Uint8Array): number {
    return this.#keys.findIndex((known) => equalBytes(known, key))
  }
}
