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

  /**
   * Exchange members with whoever of `members` answers first.
   *
   * @param onOver called once, perhaps from within this call; whether any of them answered.
   */
  exchange(members: readonly Address[], onOver: (isDone: boolean) => void): void {
    let open = members.length
    let isOver = false
    const onEnd = (isDone: boolean): void => {
      open--
      if (isOver || (!isDone && open > 0)) return
      isOver = true
      onOver(isDone)
    }
    if (open === 0) return onEnd(false)
    for (const { host, port } of members) {
      this.begin('sync', [{ host, port }], {
        onJoined: (contacted) => onEnd(contacted > 0),
        onStopped: () => onEnd(false),
      })
    }
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
