import type { Server } from 'node:http'
import { requireKnown, requirePlainObject, requireWhole } from '../base/require.ts'
import type { Millis } from '../base/time.ts'

export interface ShutdownOptions {
  /**
   * How long what is under way may take; then it is cut. 0 to 86,400,000.
   *
   * @defaultValue 10000
   */
  readonly timeoutMs?: Millis
}

/** How often connections are looked at that may have become idle. */
const LOOK_MS = 50

/** @throws {OptionError} naming the first option that is unknown, malformed or out of range. */
export function requireShutdownOptions(options: ShutdownOptions): Millis {
  requirePlainObject('options', options)
  requireKnown('', options, ['timeoutMs'])
  const { timeoutMs = 10_000 } = options
  requireWhole('timeoutMs', timeoutMs, 0, 86_400_000)
  return timeoutMs
}

/**
 * Take no connections any more, close each as soon as nothing is under way on it, and cut what is
 * left after `timeoutMs`. Resolves at once for a server that does not listen.
 */
export async function shutDown(server: Server, timeoutMs: Millis): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  const overdue = new Promise<void>((resolve) => (timer = setTimeout(resolve, timeoutMs)))
  server.closeIdleConnections()
  const look = setInterval(() => server.closeIdleConnections(), LOOK_MS)
  await Promise.race([closed, overdue])
  clearInterval(look)
  clearTimeout(timer)
  server.closeAllConnections()
}
