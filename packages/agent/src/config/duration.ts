import { ConfigError } from './config-error.ts'

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

/**
 * Milliseconds of a duration as Go writes them: `15s`, `500ms`, `1m30s`, `1.5h`; `undefined` where it
 * is none. Less than a millisecond there is not.
 */
export function millisIn(text: string): number | undefined {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/gy)]
  const millis = parts.reduce((sum, [, count, unit]) => sum + Number(count) * UNITS_MS[unit!]!, 0)
  const length = parts.reduce((sum, [part]) => sum + part.length, 0)
  return length > 0 && length === text.length && Number.isInteger(millis) ? millis : undefined
}

/** The same. @throws {ConfigError} naming `key` where it is none. */
export function millisOf(key: string, text: string): number {
  const millis = millisIn(text)
  if (millis !== undefined) return millis
  throw new ConfigError(`${key}: must be a duration such as 30s, 500ms or 1m30s; it is ${text}`)
}
