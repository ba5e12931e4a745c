import { fromBase64, toBase64 } from '../base/bytes.ts'
import { KEY_BYTES, KEYS_MAX } from './keyring.ts'

/** What {@link parseKeyring} gives; `rule` is what the text should have been. Never shows a key. */
export type ParsedKeyring =
  | { readonly keys: readonly Uint8Array[]; readonly rule?: never }
  | { readonly rule: string; readonly keys?: never }

/** Keys as an agent's keyring file holds them: a JSON array of Base64, the primary key first. */
export function keyringText(keys: readonly Uint8Array[]): string {
  return JSON.stringify(keys.map(toBase64), undefined, 2)
}

/** The keys in the text of a keyring file, the primary key first. Never throws. */
export function parseKeyring(text: string): ParsedKeyring {
  const items = parseArray(text)
  if (items === undefined) return { rule: 'must hold a JSON array of keys in Base64' }
  if (items.length === 0 || items.length > KEYS_MAX) {
    return { rule: `must hold 1 to ${KEYS_MAX} keys, holds ${items.length}` }
  }
  const keys: Uint8Array[] = []
  for (const [index, item] of items.entries()) {
    const key = typeof item === 'string' ? fromBase64(item) : undefined
    if (key === undefined) return { rule: `must hold keys in Base64: [${index}] is none` }
    if (!KEY_BYTES.includes(key.length)) {
      return { rule: `must hold keys of 16, 24 or 32 bytes: [${index}] has ${key.length}` }
    }
    keys.push(key)
  }
  return { keys }
}

function parseArray(text: string): unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}
