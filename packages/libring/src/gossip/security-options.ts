import { fromBase64, utf8Encode } from '../base/bytes.ts'
import { OptionError } from '../base/errors.ts'
import { requireBoolean, requirePath } from '../base/require.ts'
import { KEY_BYTES, Keyring, KEYS_MAX } from '../wire/keyring.ts'
import { LABEL_BYTES_MAX } from '../wire/label.ts'
import type { Cipher } from '../wire/seal.ts'
import type { Security } from '../wire/security.ts'

/** What keeps strangers out of a cluster. All members have to agree on it. */
export interface SecurityOptions {
  /**
   * Keys of 16, 24 or 32 bytes, or their Base64 as `serf keygen` prints it: the first, the
   * primary key, encrypts what is sent; any of them opens what is received. At most 64.
   *
   * @defaultValue `[]`: nothing is encrypted
   */
  readonly keyring?: readonly (string | Uint8Array)[]
  /**
   * A file that holds the keyring, as agents keep theirs: a JSON array of keys in Base64, the
   * primary key first. Not together with `keyring`.
   *
   * @defaultValue none
   */
  readonly keyringFile?: string
  /**
   * Drop what comes in clear although there are keys. `false` only while encryption is being
   * introduced to a running cluster: meanwhile whoever reaches the gossip port may change the keys.
   *
   * @defaultValue true
   */
  readonly verifyIncoming?: boolean
  /**
   * Encrypt what is sent when there are keys. `false` only while encryption is being introduced:
   * meanwhile whoever asks for the keys is told them in clear.
   *
   * @defaultValue true
   */
  readonly verifyOutgoing?: boolean
  /**
   * A name that every packet and stream of the cluster bears, so that clusters which reach each
   * other by mistake stay apart. At most 255 bytes of UTF-8. Stock Serf agents know none.
   *
   * @defaultValue `''`: none
   */
  readonly label?: string
}

export interface ResolvedSecurityOptions {
  readonly keys: readonly Uint8Array[]
  readonly verifyIncoming: boolean
  readonly verifyOutgoing: boolean
  readonly label: Uint8Array
}

/**
 * @param path prefix for the option's name in an error, such as `serf.`.
 * @throws {OptionError} naming the first option that is malformed or out of range, never a key.
 * @throws {FileError} naming the keyring file and what is wrong with it.
 */
export function resolveSecurityOptions(
  options: SecurityOptions,
  path: string,
  readKeyring?: (path: string) => readonly Uint8Array[],
): ResolvedSecurityOptions {
  const {
    keyring = [],
    keyringFile,
    verifyIncoming = true,
    verifyOutgoing = true,
    label = '',
  } = options
  requireBoolean(`${path}verifyIncoming`, verifyIncoming)
  requireBoolean(`${path}verifyOutgoing`, verifyOutgoing)
  if (!Array.isArray(keyring) || keyring.length > KEYS_MAX) {
    throw new OptionError(`${path}keyring`, `a list of at most ${KEYS_MAX} keys`, keyring)
  }
  const labelBytes = typeof label === 'string' ? utf8Encode(label) : undefined
  if (labelBytes === undefined || labelBytes.length > LABEL_BYTES_MAX) {
    throw new OptionError(`${path}label`, `text of at most ${LABEL_BYTES_MAX} bytes`, label)
  }
  const given = Array.from(keyring, (key: unknown, index) =>
    resolveKey(`${path}keyring[${index}]`, key),
  )
  const fromFile = (file: unknown): readonly Uint8Array[] => {
    requirePath(`${path}keyringFile`, file)
    const rule = 'left out where keys are given, or there are no files'
    if (given.length > 0 || readKeyring === undefined) {
      throw new OptionError(`${path}keyringFile`, rule, file)
    }
    return readKeyring(file)
  }
  const keys = keyringFile === undefined ? given : fromFile(keyringFile)
  return { keys, verifyIncoming, verifyOutgoing, label: labelBytes }
}

export function securityOf(options: ResolvedSecurityOptions, cipher: Cipher): Security {
  const { keys, verifyIncoming, verifyOutgoing, label } = options
  if (keys.length === 0) return { label, seal: undefined }
  return { label, seal: { keyring: new Keyring(keys), cipher, verifyIncoming, verifyOutgoing } }
}

function resolveKey(option: string, value: unknown): Uint8Array {
  const key = typeof value === 'string' ? fromBase64(value) : value
  if (key instanceof Uint8Array && KEY_BYTES.includes(key.length)) return key.slice()
  // A key is a secret even when it is wrong: the error does not show it.
  const found = key instanceof Uint8Array ? `${key.length} bytes` : typeof value
  throw new OptionError(option, '16, 24 or 32 bytes or their Base64', found)
}
