import { Deferred } from '../gossip/deferred.ts'
import type { Logger } from '../ports/logger.ts'
import type { Signals } from './ports.ts'

export interface RunOptions {
  /** Ends the run. Leaving in order takes until the promise resolves. */
  readonly signal?: AbortSignal
  /**
   * Signals of the operating system that end the run, caught only while it lasts. A second one
   * ends it at once.
   *
   * @defaultValue `['SIGTERM', 'SIGINT']`
   */
  readonly signals?: readonly string[]
}

/** What can be started and stopped. */
interface Runnable {
  start(): Promise<void>
  stop(options: { readonly signal: AbortSignal }): Promise<void>
}

/**
 * Start `cluster`, wait until it is asked to end, and stop it.
 *
 * @param stopAsked settles when somebody stops it otherwise.
 */
export async function runToTheEnd(
  cluster: Runnable,
  signals: Signals,
  stopAsked: Promise<void>,
  options: RunOptions,
  logger: Logger,
): Promise<void> {
  const end = new Deferred<void>()
  const hurry = new AbortController()
  let signalled = 0
  const unwatch = signals.watch(options.signals ?? ['SIGTERM', 'SIGINT'], (name) => {
    logger.info('signalled', { signal: name })
    if (++signalled === 1) end.resolve()
    else hurry.abort()
  })
  const onAbort = (): void => end.resolve()
  options.signal?.addEventListener('abort', onAbort)
  try {
    if (options.signal?.aborted !== true) {
      await Promise.race([cluster.start(), end.promise])
      await Promise.race([stopAsked, end.promise])
    }
  } finally {
    try {
      await cluster.stop({ signal: hurry.signal })
    } finally {
      options.signal?.removeEventListener('abort', onAbort)
      unwatch()
    }
  }
}
