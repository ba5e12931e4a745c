import { requireKnown, requirePlainObject, requireSignal, requireWhole } from '../base/require.ts'
import type { Millis } from '../base/time.ts'
import { Deferred } from '../gossip/deferred.ts'
import type { Clock, Timer } from '../ports/clock.ts'

export interface ReadyOptions {
  /** How many members the ring has to have. 1 to 65,536. @defaultValue 1 */
  readonly members?: number
  /** For how long the ring has to have been the same. 0 to 86,400,000. @defaultValue 0 */
  readonly stableForMs?: Millis
  /** Gives up. */
  readonly signal?: AbortSignal
}

/** What is waited for. */
interface RingWatched {
  readonly clock: Clock
  /** How many members the ring has now; none while it is another's. */
  readonly size: () => number
  /** Since when the ring is what it is. */
  readonly sinceMs: () => Millis
  readonly onRebalance: (listener: () => void) => () => void
  /** Resolves when there will be no ring any more. */
  readonly ended: Promise<void>
}

/**
 * Waits until the ring has had so many members for so long, or will have none any more.
 *
 * @throws {OptionError} for an option out of range; the signal's reason when it aborts.
 */
export async function whenReady(
  options: ReadyOptions,
  ring: RingWatched,
): Promise<'ready' | 'ended'> {
  requirePlainObject('options', options)
  requireKnown('', options, ['members', 'stableForMs', 'signal'])
  const { members = 1, stableForMs = 0, signal } = options
  requireWhole('members', members, 1, 65_536)
  requireWhole('stableForMs', stableForMs, 0, 86_400_000)
  requireSignal('signal', signal)
  signal?.throwIfAborted()

  const ready = new Deferred<'ready'>()
  let timer: Timer | undefined
  const look = (): void => {
    timer?.cancel()
    timer = undefined
    if (ring.size() < members) return
    const atMs = ring.sinceMs() + stableForMs
    if (ring.clock.nowMs() >= atMs) ready.resolve('ready')
    else timer = ring.clock.at(atMs, look)
  }
  const onAbort = (): void => ready.reject(signal?.reason)
  const unsubscribe = ring.onRebalance(look)
  signal?.addEventListener('abort', onAbort)
  look()
  try {
    return await Promise.race([ready.promise, ring.ended.then(() => 'ended' as const)])
  } finally {
    timer?.cancel()
    unsubscribe()
    signal?.removeEventListener('abort', onAbort)
  }
}
