import { requireKnown, requirePlainObject, requireSignal, requireWhole } from '../base/require.ts'
import type { Millis } from '../base/time.ts'
import { Deferred } from '../gossip/deferred.ts'
import type { Clock } from '../ports/clock.ts'

export interface MoveWaitOptions {
  /** The longest wait. 0 to 86,400,000. */
  readonly timeoutMs: Millis
  /** Ends the wait. */
  readonly signal?: AbortSignal | undefined
}

/** Those that wait for a partition to move. */
export class Moves {
  readonly #clock: Clock
  readonly #waiting = new Map<number, Set<Deferred<void>>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Something is different for the partition. */
  moved(partition: number): void {
    const waiting = this.#waiting.get(partition)
    if (waiting === undefined) return
    this.#waiting.delete(partition)
    for (const waiter of waiting) waiter.resolve()
  }

  /** Something may be different for every partition. */
  movedAll(): void {
    for (const partition of [...this.#waiting.keys()]) this.moved(partition)
  }

  /**
   * Resolves at the next move of the partition, when `signal` aborts, or when the time is over,
   * with how much of the time is left.
   *
   * @throws {OptionError} for an option out of range.
   */
  async next(partition: number, options: MoveWaitOptions): Promise<Millis> {
    requirePlainObject('options', options)
    requireKnown('', options, ['timeoutMs', 'signal'])
    const { timeoutMs, signal } = options
    requireWhole('timeoutMs', timeoutMs, 0, 86_400_000)
    requireSignal('signal', signal)
    if (timeoutMs === 0 || signal?.aborted === true) return timeoutMs
    const untilMs = this.#clock.nowMs() + timeoutMs
    const waiter = new Deferred<void>()
    const waiting = this.#waiting.get(partition) ?? new Set()
    this.#waiting.set(partition, waiting.add(waiter))
    const onAbort = (): void => waiter.resolve()
    signal?.addEventListener('abort', onAbort)
    const timer = this.#clock.at(untilMs, onAbort)
    try {
      await waiter.promise
    } finally {
      timer.cancel()
      signal?.removeEventListener('abort', onAbort)
      waiting.delete(waiter)
      if (waiting.size === 0 && this.#waiting.get(partition) === waiting) {
        this.#waiting.delete(partition)
      }
    }
    return Math.max(0, Math.ceil(untilMs - this.#clock.nowMs()))
  }
}
