import { ConfigError } from '../config/config-error.ts'

/** For commander: a flag that may be given more than once. */
export function gathered(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}

/**
 * What `key=value` says, of each one given.
 *
 * @throws {ConfigError} naming `flag` where there is no key, or no `=`.
 */
export function pairsOf(flag: string, given: readonly string[]): Readonly<Record<string, string>> {
  const pairs = given.map((text) => {
    const at = text.indexOf('=')
    if (at < 1) throw new ConfigError(`${flag}: must be key=value, and it is ${text}`)
    return [text.slice(0, at), text.slice(at + 1)] as const
  })
  return Object.fromEntries(pairs)
}
