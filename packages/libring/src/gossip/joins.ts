import type { Address } from '../base/address.ts'
import type { JoinAttempt } from '../base/errors.ts'
import type { SerfInput } from '../serf/effects.ts'

/** Who wants to know how a push/pull with some addresses ended. Told by one of the two. */
export interface JoinWaiter {
  readonly onJoined: (contacted: number, failures: readonly JoinAttempt[]) => void
  readonly onStopped?: () => void
}

/** Push/pulls that somebody waits for, by number. */
export class Joins {
  readonly #feed: (input: SerfInput) => void
  readonly #waiters = new Map<number, JoinWaiter>()
  #last = 0

  constructor(feed: (input: SerfInput) => void) {
    this.#feed = feed
  }

  /** Push/pull with every seed, as a newcomer or as a member like any other. */
  begin(type: 'join' | 'sync', seeds: readonly Address[], waiter: JoinWaiter): void {
    this.feed(type, this.open(waiter), seeds)
  }

  /** One that begins once its seeds are known. */
  open(waiter: JoinWaiter): number {
    const join = ++this.#last
    this.#waiters.set(join, waiter)
    return join
  }

  feed(type: 'join' | 'sync', join: number, seeds: readonly Address[]): void {
    this.#feed({ type, join, seeds })
  }

  settle(join: number, contacted: number, failures: readonly JoinAttempt[]): void {
    const waiter = this.#waiters.get(join)
    this.#waiters.delete(join)
    waiter?.onJoined(contacted, failures)
  }

  /** No answer is waited for any more. */
  stop(): void {
    const waiters = [...this.#waiters.values()]
    this.#waiters.clear()
    for (const { onStopped } of waiters) onStopped?.()
  }
}
