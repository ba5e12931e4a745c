import { OptionError } from '../base/errors.ts'
import { requireKnown, requireList, requirePlainObject, requireSignal } from '../base/require.ts'
import type { Millis } from '../base/time.ts'
import { Deferred } from '../gossip/deferred.ts'
import type { Logger } from '../ports/logger.ts'
import { requireDrainTimeout, type DrainOptions } from './drain.ts'
import type { Signals } from './ports.ts'

export interface RunOptions {
  /** Ends the run. Handing over and leaving in order takes until the promise resolves. */
  readonly signal?: AbortSignal
  /**
   * Signals of the operating system that end the run, caught only while it lasts. A second one
   * ends it at once.
   *
   * @defaultValue `['SIGTERM', 'SIGINT']`
   */
  readonly signals?: readonly string[]
  /** How long handing over may take at the end; see `DrainOptions`. @defaultValue 25000 */
  readonly drainTimeoutMs?: Millis
}

/** What can be started and stopped. */
interface Runnable {
  start(): Promise<void>
  drain(options: DrainOptions): Promise<void>
}

/**
 * Start `cluster`, wait until it is asked to end, have it hand over, and stop it.
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
  const { names, timeoutMs } = requireRunOptions(options)
  const end = new Deferred<void>()
  const hurry = new AbortController()
  let signalled = 0
  const unwatch = signals.watch(names, (name) => {
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
      await cluster.drain({ timeoutMs, signal: hurry.signal })
    } finally {
      options.signal?.removeEventListener('abort', onAbort)
      unwatch()
    }
  }
}

/** Which of the signals there are, the system knows. */
function requireRunOptions(options: RunOptions): {
  readonly names: readonly string[]
  readonly timeoutMs: Millis
} {
  requirePlainObject('options', options)
  requireKnown('', options, ['signal', 'signals', 'drainTimeoutMs'])
  const { signal, signals = ['SIGTERM', 'SIGINT'], drainTimeoutMs } = options
  requireSignal('signal', signal)
  requireList('signals', signals, 'a list of names of signals')
  const names = Array.from(signals, (name: unknown, index) => {
    if (typeof name === 'string') return name
    throw new OptionError(`signals[${index}]`, 'the name of a signal', name)
  })
  return { names, timeoutMs: requireDrainTimeout('drainTimeoutMs', drainTimeoutMs) }
}
