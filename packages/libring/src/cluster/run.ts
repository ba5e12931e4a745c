import { OptionError } from '../base/errors.ts'
import { requireKnown, requireList, requirePlainObject, requireSignal } from '../base/require.ts'
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
  const names = requireRunOptions(options)
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
      await cluster.stop({ signal: hurry.signal })
    } finally {
      options.signal?.removeEventListener('abort', onAbort)
      unwatch()
    }
  }
}

/** Which signals to catch; which of them there are, the system knows. */
function requireRunOptions(options: RunOptions): readonly string[] {
  requirePlainObject('options', options)
  requireKnown('', options, ['signal', 'signals'])
  const { signal, signals = ['SIGTERM', 'SIGINT'] } = options
  requireSignal('signal', signal)
  requireList('signals', signals, 'a list of names of signals')
  return Array.from(signals, (name: unknown, index) => {
    if (typeof name === 'string') return name
    throw new OptionError(`signals[${index}]`, 'the name of a signal', name)
  })
}
