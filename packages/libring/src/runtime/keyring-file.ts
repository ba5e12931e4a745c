import { readFileSync, statSync } from 'node:fs'
import { FileError, reasonOf } from '../base/errors.ts'
import type { KeyStore } from '../ports/key-store.ts'
import { keyringText, parseKeyring } from '../wire/keyring-text.ts'
import { replaceFile } from './replace-file.ts'

/** More than the most keys take, however they are laid out. */
const FILE_BYTES_MAX = 65_536

/** For the owner's eyes only. */
const MODE = 0o600

/** A keyring in a file of Serf's format, which agents read and write as well. */
export class KeyringFile implements KeyStore {
  readonly #path: string
  #saving: Promise<void> = Promise.resolve()

  constructor(path: string) {
    this.#path = path
  }

  /**
   * The keys that it holds, the primary key first.
   *
   * @throws {FileError} naming the file and what is wrong with it, never a key.
   */
  load(): readonly Uint8Array[] {
    let text: string
    try {
      const stat = statSync(this.#path)
      if (!stat.isFile()) throw new Error('not a regular file')
      if (stat.size > FILE_BYTES_MAX) throw new Error(`more than ${FILE_BYTES_MAX} bytes`)
      text = readFileSync(this.#path, 'utf8')
    } catch (error) {
      throw new FileError(this.#path, `cannot be read as a keyring: ${reasonOf(error)}`, error)
    }
    const { keys, rule } = parseKeyring(text)
    if (rule !== undefined) throw new FileError(this.#path, rule)
    return keys
  }

  /** One at a time, in the order asked for. */
  save(keys: readonly Uint8Array[]): Promise<void> {
    const text = keyringText(keys)
    const saved = this.#saving.then(() => this.#write(text))
    this.#saving = saved.catch(() => {})
    return saved
  }

  async #write(text: string): Promise<void> {
    try {
      await replaceFile(this.#path, text, { suffix: '.new', mode: MODE })
    } catch (error) {
      throw new FileError(this.#path, `cannot be written: ${reasonOf(error)}`, error)
    }
  }
}
