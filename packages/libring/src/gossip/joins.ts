import type { Address, HostAndPort } from '../base/address.ts'
import { JoinError, type JoinAttempt, type LibringError } from '../base/errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import type { Resolver } from '../ports/resolver.ts'
import type { SerfInput } from '../serf/effects.ts'
import type { Joiner } from './bootstrap.ts'
import { Deferred } from './deferred.ts'
import { addressesOf, lookUpAll } from './lookup.ts'

/** Who wants to know how a push/pull with some addresses ended. Told by one of the two. */
export interface JoinWaiter {
  readonly onJoined: (contacted: number, failures: readonly JoinAttempt[]) => void
  readonly onStopped?: () => void
  /** Whether to be told of user events from before the join. */
  readonly replay?: boolean
}

/** What a join by name takes. */
export interface JoinSetup {
  readonly means: { readonly resolver: Resolver; readonly clock: Clock }
  /** Where hosts without a port are sought. */
  readonly port: number
  readonly replay: boolean
  readonly signal: AbortSignal | undefined
  readonly logger: Logger
}

/** Push/pulls that somebody waits for, by number. */
export class Joins {
  readonly #feed: (input: SerfInput) => void
  readonly #waiters = new Map<number, JoinWaiter>()
  /** Joins by name, which end with our membership. */
  readonly #byName = new Set<Deferred<number>>()
  #last = 0

  constructor(feed: (input: SerfInput) => void) {
    this.#feed = feed
  }

  /**
   * Push/pull with every seed. Who is with others already misses nothing of theirs for having asked
   * again, and is no news to them: all would pass it on to all, each time that anybody looks.
   */
  begin(seeds: readonly Address[], as: Joiner, waiter: JoinWaiter): void {
    this.feed(as === 'member' ? 'sync' : 'join', this.open(waiter), seeds)
  }

  /**
   * Push/pull with every address of these hosts, as a newcomer.
   *
   * @returns how many answered; at least 1.
   * @throws {JoinError} when none did.
   * @throws {LibringError} `LIBRING_CLOSED` when the node leaves or is stopped meanwhile.
   */
  async join(hosts: readonly HostAndPort[], setup: JoinSetup): Promise<number> {
    const { means, port, replay, signal, logger } = setup
    const outcome = new Deferred<number>()
    const unresolved: JoinAttempt[] = []
    const join = this.open({
      onJoined: (contacted, failures) => {
        if (contacted > 0) {
          logger.info('joined', { contacted })
          outcome.resolve(contacted)
        } else {
          outcome.reject(new JoinError([...unresolved, ...failures]))
        }
      },
      replay,
    })
    lookUpAll(hosts, means, (outcomes) => {
      for (const { host, reason } of outcomes) {
        if (reason !== undefined) unresolved.push({ address: host.host, reason })
      }
      this.feed('join', join, addressesOf(outcomes, port))
    })
    const onAbort = () => outcome.reject(signal?.reason)
    signal?.addEventListener('abort', onAbort, { once: true })
    this.#byName.add(outcome)
    try {
      return await outcome.promise
    } finally {
      this.#byName.delete(outcome)
      signal?.removeEventListener('abort', onAbort)
    }
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
      this.begin([{ host, port }], 'member', {
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
    const replay = this.#waiters.get(join)?.replay === true
    this.#feed({ type, join, seeds, replay })
  }

  settle(join: number, contacted: number, failures: readonly JoinAttempt[]): void {
    const waiter = this.#waiters.get(join)
    this.#waiters.delete(join)
    waiter?.onJoined(contacted, failures)
  }

  /** The node is no member any more: who joins by name hears so, and not that nobody answered. */
  leave(closed: () => LibringError): void {
    for (const outcome of this.#byName) outcome.reject(closed())
  }

  /** No answer is waited for any more. */
  stop(closed: () => LibringError): void {
    this.leave(closed)
    const waiters = [...this.#waiters.values()]
    this.#waiters.clear()
    for (const { onStopped } of waiters) onStopped?.()
  }
}
