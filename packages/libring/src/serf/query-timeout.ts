import type { Millis } from '../base/time.ts'

/**
 * How long a query waits for answers, as long as gossip needs and some more.
 *
 * @param present members alive, the local one included.
 * @see serf query.go `DefaultQueryTimeout`.
 */
export function defaultQueryTimeoutMs(
  gossipIntervalMs: Millis,
  mult: number,
  present: number,
): Millis {
  return gossipIntervalMs * mult * Math.ceil(Math.log10(present + 1))
}
