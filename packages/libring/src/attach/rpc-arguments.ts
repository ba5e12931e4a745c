import { isWellFormed, utf8Length } from '../base/bytes.ts'
import { OptionError } from '../base/errors.ts'
import {
  requireKnown,
  requireList,
  requirePlainObject,
  requireSignal,
  requireWhole,
} from '../base/require.ts'
import { TIMEOUT_MS_MAX } from './options.ts'
import type { CallTerms } from './rpc-connection.ts'

// Every argument has a bound, so that all requests under way together have one: agents themselves
// take far less.

const TEXT_BYTES_MAX = 1_024
const PAYLOAD_BYTES_MAX = 0x1_0000
const LIST_MAX = 1_024

/** @throws {OptionError} unless it is well-formed text of at most 1,024 bytes. */
export function requireText(option: string, value: unknown): asserts value is string {
  if (typeof value === 'string' && isWellFormed(value) && utf8Length(value) <= TEXT_BYTES_MAX) {
    return
  }
  throw new OptionError(option, `well-formed text of at most ${TEXT_BYTES_MAX} bytes`, value)
}

/** @throws {OptionError} unless it is bytes, at most 64 KiB. */
export function requirePayload(option: string, value: unknown): asserts value is Uint8Array {
  if (value instanceof Uint8Array && value.length <= PAYLOAD_BYTES_MAX) return
  throw new OptionError(option, `a Uint8Array of at most ${PAYLOAD_BYTES_MAX} bytes`, value)
}

/** @throws {OptionError} unless it is a list of at most 1,024 texts. */
export function requireTexts(option: string, value: unknown): asserts value is readonly string[] {
  const rule = `a list of at most ${LIST_MAX} texts`
  requireList(option, value, rule)
  if (value.length > LIST_MAX) throw new OptionError(option, rule, value)
  for (const [index, text] of [...value].entries()) requireText(`${option}[${index}]`, text)
}

/** @throws {OptionError} unless it is at most 1,024 texts by text. */
export function requirePatterns(
  option: string,
  value: unknown,
): asserts value is Readonly<Record<string, string>> {
  requirePlainObject(option, value)
  const entries = Object.entries(value)
  if (entries.length > LIST_MAX) throw new OptionError(option, `at most ${LIST_MAX} tags`, value)
  for (const [name, pattern] of entries) {
    requireText(option, name)
    requireText(`${option}.${name}`, pattern)
  }
}

/** @throws {OptionError} unless `options` has nothing but these, and good terms among them. */
export function requireTerms(options: object, known: readonly string[]): CallTerms {
  requirePlainObject('options', options)
  requireKnown('', options, ['timeoutMs', 'signal', ...known])
  const { timeoutMs, signal } = options as CallTerms
  if (timeoutMs !== undefined) requireWhole('timeoutMs', timeoutMs, 1, TIMEOUT_MS_MAX)
  requireSignal('signal', signal)
  return { timeoutMs, signal }
}
