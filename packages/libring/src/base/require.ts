import { OptionError } from './errors.ts'

/** @throws {OptionError} unless `value` is a whole number from `min` to `max`. */
export function requireWhole(option: string, value: unknown, min: number, max: number): void {
  if (Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max) return
  throw new OptionError(option, `a whole number from ${min} to ${max}`, value)
}

/** @throws {OptionError} unless `value` is one of `choices`. */
export function requireOneOf(option: string, value: unknown, choices: readonly string[]): void {
  if (typeof value === 'string' && choices.includes(value)) return
  throw new OptionError(option, `one of ${choices.join(', ')}`, value)
}

/** @throws {OptionError} unless `value` is true or false. */
export function requireBoolean(option: string, value: unknown): void {
  if (typeof value === 'boolean') return
  throw new OptionError(option, 'true or false', value)
}
