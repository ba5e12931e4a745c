import { requireKnown, requirePlainObject, requireSignal, requireWhole } from '../base/require.ts'
import type { Millis } from '../base/time.ts'

export interface DrainOptions {
  /**
   * How long handing over may take; then what is left is released at once. 0 to 86,400,000.
   *
   * @defaultValue 25000: supervisors often kill what has not ended 30 s after they asked
   */
  readonly timeoutMs?: Millis
  /** Gives up on handing over, on handlers and on the farewell: everything is freed at once. */
  readonly signal?: AbortSignal
}

/** @throws {OptionError} naming the first option that is unknown, malformed or out of range. */
export function requireDrainOptions(options: DrainOptions): {
  readonly timeoutMs: Millis
  readonly signal: AbortSignal | undefined
} {
  requirePlainObject('options', options)
  requireKnown('', options, ['timeoutMs', 'signal'])
  const { timeoutMs, signal } = options
  requireSignal('signal', signal)
  return { timeoutMs: requireDrainTimeout('timeoutMs', timeoutMs), signal }
}

export function requireDrainTimeout(option: string, timeoutMs: Millis = 25_000): Millis {
  requireWhole(option, timeoutMs, 0, 86_400_000)
  return timeoutMs
}
