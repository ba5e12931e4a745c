import { NO_BYTES, toBase64 } from '../base/bytes.ts'
import type { Keyring } from '../wire/keyring.ts'
import { decodeSerf, encodeSerf } from './message-codec.ts'
import type { KeyResponse } from './messages.ts'

/** Queries about keys, by what they ask for. */
export const KEY_QUERIES = {
  install: '_serf_install-key',
  use: '_serf_use-key',
  remove: '_serf_remove-key',
  list: '_serf_list-keys',
} as const

export type KeyOperation = keyof typeof KEY_QUERIES

/** A key in an answer takes about so many bytes, by which Serf guesses how many there is room for. */
const KEY_BYTES = 25

/** The operation that a query of this name asks for. */
export function keyOperationOf(queryName: string): KeyOperation | undefined {
  for (const operation of Object.keys(KEY_QUERIES) as KeyOperation[]) {
    if (KEY_QUERIES[operation] === queryName) return operation
  }
  return undefined
}

/**
 * Do what a query asks of our keys, and say how it went. Never throws.
 *
 * @param keyring `undefined` where nothing is encrypted.
 * @see serf internal_query.go `handleInstallKey`, `handleUseKey`, `handleRemoveKey`.
 */
export function changeKeys(
  operation: Exclude<KeyOperation, 'list'>,
  payload: Uint8Array,
  keyring: Keyring | undefined,
): KeyResponse {
  const { message } = decodeSerf(payload)
  if (message?.type !== 'key-request') return keyRefusal('the request could not be decoded')
  if (keyring === undefined) return keyRefusal('No keyring to modify (encryption not enabled)')
  const why = keyring[operation](message.key)
  return why === undefined ? { ...NO_KEYS, result: true, message: '' } : keyRefusal(why)
}

/**
 * Our keys, as many as there is room for.
 *
 * @param fits whether an answer with this payload is short enough.
 * @see serf internal_query.go `handleListKeys`, `keyListResponseWithCorrectSize`.
 */
export function listKeys(
  keyring: Keyring | undefined,
  bytesMax: number,
  fits: (payload: Uint8Array) => boolean,
): KeyResponse {
  if (keyring === undefined) return keyRefusal('Keyring is empty (encryption not enabled)')
  const all = keyring.keys.map(toBase64)
  const whole: KeyResponse = {
    type: 'key-response',
    result: true,
    message: '',
    keys: all,
    primaryKey: toBase64(keyring.primary),
  }
  if (fits(encodeSerf(whole))) return whole
  for (let shown = Math.min(all.length, Math.floor(bytesMax / KEY_BYTES)); shown > 0; shown--) {
    const message = `truncated key list response, showing first ${shown} of ${all.length} keys`
    const some = { ...whole, message, keys: all.slice(0, shown) }
    if (fits(encodeSerf(some))) return some
  }
  return keyRefusal('there is no room for a single key')
}

/** What a query about keys carries. */
export function encodeKeyRequest(key: Uint8Array = NO_BYTES): Uint8Array {
  return encodeSerf({ type: 'key-request', key })
}

const NO_KEYS = { type: 'key-response', keys: [], primaryKey: '' } as const

/** An answer that says why not. */
export function keyRefusal(message: string): KeyResponse {
  return { ...NO_KEYS, result: false, message }
}
