import { readFileSync } from 'node:fs'
import { fromHex } from '../../packages/libring/src/base/bytes.ts'

/** A file of golden bytes under test/vectors/serf, parsed. The caller says what shape it has. */
export function serfVectors<T>(file: string): T {
  const url = new URL(`../vectors/serf/${file}`, import.meta.url)
  return JSON.parse(readFileSync(url, 'utf8')) as T
}

/** Bytes of hexadecimal text that is known to be well-formed. */
export function hex(text: string): Uint8Array {
  const bytes = fromHex(text)
  if (bytes === undefined) throw new Error(`not hexadecimal: ${text}`)
  return bytes
}

/** A value as test/vectors/serf/README.md writes it: `hex:` marks bytes, other text is itself. */
export function bytesOf(value: string | readonly number[] | null | undefined): Uint8Array {
  if (value === null || value === undefined) return new Uint8Array(0)
  if (typeof value !== 'string') return Uint8Array.from(value)
  return value.startsWith('hex:') ? hex(value.slice(4)) : new TextEncoder().encode(value)
}
