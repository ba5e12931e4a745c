import { isPlainObject, OptionError } from './errors.ts'
import { nearestName } from './nearest-name.ts'

/** @throws {OptionError} unless `value` is a whole number from `min` to `max`. */
export function requireWhole(
  option: string,
  value: unknown,
  min: number,
  max: number,
): asserts value is number {
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

/** @throws {OptionError} unless `value` is a function. */
export function requireFunction(option: string, value: unknown): void {
  if (typeof value === 'function') return
  throw new OptionError(option, 'a function', value)
}

/** @throws {OptionError} unless `value` is a list. It may have holes. */
export function requireList(
  option: string,
  value: unknown,
  rule: string,
): asserts value is readonly unknown[] {
  if (Array.isArray(value)) return
  throw new OptionError(option, rule, value)
}

/**
 * Of options: what a class made, such as a RegExp or a Map, has no entries, and would pass for
 * options that are all left out.
 *
 * @throws {OptionError} unless `value` is an object as `{}` makes one.
 */
export function requirePlainObject(
  option: string,
  value: unknown,
  rule = 'a plain object',
): asserts value is object {
  if (isPlainObject(value)) return
  throw new OptionError(option, rule, value)
}

/**
 * @param path prefix for the option's name in the error, such as `serf.`.
 * @throws {OptionError} naming the first of `options` that is not `known`, and the option that
 *   may have been meant.
 */
export function requireKnown(path: string, options: object, known: readonly string[]): void {
  for (const [option, value] of Object.entries(options)) {
    if (known.includes(option)) continue
    const meant = nearestName(option, known)
    const hint = meant === undefined ? '' : `: did you mean ${meant}?`
    throw new OptionError(path + option, `left out, as there is no such option${hint}`, value)
  }
}

/** @throws {OptionError} unless the options of a call are a plain object of `known` ones. */
export function requireOptions(
  options: unknown,
  known: readonly string[],
): asserts options is object {
  requirePlainObject('options', options)
  requireKnown('options.', options, known)
}

/** @throws {OptionError} unless `value` is an object of any kind with these methods. */
export function requireMethods(option: string, value: unknown, methods: readonly string[]): void {
  if (typeof value !== 'object' || value === null) throw new OptionError(option, 'an object', value)
  for (const method of methods) {
    if (typeof (value as Record<string, unknown>)[method] === 'function') continue
    throw new OptionError(option, `an object with a method ${method}`, value)
  }
}

/** @throws {OptionError} unless `value` can be the path of a file. */
export function requirePath(option: string, value: unknown): asserts value is string {
  if (typeof value === 'string' && value !== '' && !value.includes('\0')) return
  throw new OptionError(option, 'the path of a file', value)
}

/** @throws {OptionError} unless `value` is an AbortSignal, or not given. */
export function requireSignal(option: string, value: unknown): void {
  if (value === undefined) return
  const isSignal =
    typeof value === 'object' &&
    value !== null &&
    'aborted' in value &&
    typeof value.aborted === 'boolean' &&
    'addEventListener' in value &&
    typeof value.addEventListener === 'function'
  if (!isSignal) throw new OptionError(option, 'an AbortSignal', value)
}
