import { LibringError } from '../base/errors.ts'
import type { MemberEvent } from '../base/member.ts'
import {
  requireFunction,
  requireKnown,
  requireOneOf,
  requirePlainObject,
  requireSignal,
} from '../base/require.ts'
import { Deferred } from '../gossip/deferred.ts'
import { Driver } from '../gossip/driver.ts'
import { GossipNode } from '../gossip/gossip-node.ts'
import type { Peers } from '../gossip/peers.ts'
import type { ClusterMember } from '../ownership/cluster-member.ts'
import type { OwnershipEffect, OwnershipInput, View } from '../ownership/effects.ts'
import type { AcquireEvent, OwnershipEvent, ReleaseEvent } from '../ownership/event.ts'
import { OwnershipMachine } from '../ownership/ownership-machine.ts'
import type { Logger } from '../ports/logger.ts'
import type { Membership } from '../ports/membership.ts'
import type { Key } from '../ring/key-hash.ts'
import { Ring } from '../ring/ring.ts'
import { CLUSTER_EVENT_TYPES } from './cluster-events.ts'
import type { ClusterEvents, ClusterEventType } from './cluster-events.ts'
import { Delivery } from './delivery.ts'
import { Listeners } from './listeners.ts'
import { MemberFeed } from './member-feed.ts'
import { MemberReader } from './members.ts'
import { resolveClusterOptions, underOptionsOf } from './options.ts'
import type { ClusterOptions, ResolvedClusterOptions } from './options.ts'
import type { ClusterPorts } from './ports.ts'
import { runToTheEnd, type RunOptions } from './run.ts'
import { moveIn, moveOut } from './tenancy.ts'

export interface StopOptions {
  /** Gives up on handlers and on the farewell: everything is freed at once. */
  readonly signal?: AbortSignal
}

/** Plain counters since the start; they only grow. */
export interface ClusterStats {
  /** Views so far. */
  readonly views: number
  /** Handlers that threw or rejected. */
  readonly handlersFailed: number
  /** Partitions that counted as released before their handlers were done. */
  readonly handlersOverdue: number
  /** Listeners that threw. */
  readonly listenersFailed: number
  /** Member events that a reader of `serfEvents` was too slow for. */
  readonly memberEventsDropped: number
  /** Weight and zone tags that were not what they should be. */
  readonly tagsIgnored: number
}

/**
 * The local process as a member of a ring: who holds what, and what the local member must begin
 * and cease to serve.
 *
 * `start`, `stop` and disposing are idempotent from every state. A cluster that was stopped stays
 * stopped.
 */
export class Cluster implements AsyncDisposable {
  readonly #options: ResolvedClusterOptions
  readonly #ports: ClusterPorts
  readonly #logger: Logger
  readonly #membership: Membership
  readonly #reader: MemberReader
  readonly #driver: Driver<OwnershipInput, OwnershipEffect>
  readonly #delivery: Delivery
  readonly #memberFeed = new MemberFeed()
  readonly #listeners: Listeners<ClusterEvents>
  readonly #endAsked = new Deferred<void>()
  readonly #hurry = new AbortController()
  readonly #counts = { views: 0, handlersFailed: 0, handlersOverdue: 0, listenersFailed: 0 }
  // Both are set before anything is done: a listener may start or stop us in the midst of it.
  #starting: Promise<void> | undefined
  #stopping: Promise<void> | undefined
  #hasBegun = false
  #unsubscribe: (() => void) | undefined
  #ring: Ring<ClusterMember>

  /** @throws {OptionError} naming the first option that is unknown, malformed or out of range. */
  constructor(options: ClusterOptions, ports: ClusterPorts) {
    const resolved = resolveClusterOptions(options)
    const { logger, ownership, ring } = resolved
    this.#options = resolved
    this.#ports = ports
    this.#logger = logger
    this.#membership =
      resolved.membership ??
      underOptionsOf(options, () => ports.createGossip(resolved.gossip, logger))
    this.#ring = new Ring<ClusterMember>([], ring)
    this.#reader = new MemberReader(resolved.members, ({ name }, tag) => {
      logger.warn('tag ignored', { member: name, tag })
    })
    const { localName } = this.#membership
    const machine = new OwnershipMachine({
      localName,
      ring,
      options: ownership,
      wallMs: () => ports.clock.wallMs(),
    })
    this.#driver = new Driver(machine, ports.clock, (effect) => this.#perform(effect))
    this.#listeners = new Listeners((type, error) => {
      this.#counts.listenersFailed++
      logger.error('listener failed', { type, error })
    })
    this.#delivery = new Delivery({
      handlers: resolved.handlers,
      clock: ports.clock,
      random: ports.random,
      invoke: ports.invoke,
      releaseTimeoutMs: ownership.releaseTimeoutMs,
      observer: {
        onSettled: (partition, seq, state) => {
          this.#driver.feed({ type: 'handler-settled', partition, seq, state })
        },
        onFailed: (event, error, attempt) => this.#onHandlerFailed(event, error, attempt),
        onOverdue: (event) => this.#onHandlerOverdue(event),
      },
    })
  }

  /**
   * Listen, join the others and take part. Resolves once the local member can be reached; the
   * others may not have been found by then. May be tried again after a failure.
   *
   * @throws {BindError} when the address is taken. {LibringError} `LIBRING_CLOSED` when stopped
   *   before or meanwhile.
   */
  start(): Promise<void> {
    if (this.#stopping !== undefined) return Promise.reject(closedError())
    if (this.#starting === undefined) {
      const started = new Deferred<void>()
      this.#starting = started.promise
      settle(started, this.#open())
    }
    return this.#starting
  }

  /**
   * Start, take part until aborted, signalled or stopped, then leave in order. Resolves when
   * everything is freed; an abort is no error.
   *
   * @throws whatever {@link Cluster.start} throws; everything is freed then as well.
   */
  run(options: RunOptions = {}): Promise<void> {
    return runToTheEnd(this, this.#ports.signals, this.#endAsked.promise, options, this.#logger)
  }

  /**
   * Release everything, wait for the handlers up to `releaseTimeoutMs`, leave, and free
   * everything. Without handlers it is the open iterators of `events` and `releases` that are
   * waited for: until each has asked for more than the last release.
   *
   * So do not await it inside a handler, or in the loop of such an iterator: it waits for that
   * very handler or loop, until `releaseTimeoutMs` have passed. Call it there without waiting:
   * `void cluster.stop()`.
   */
  async stop(options: StopOptions = {}): Promise<void> {
    requirePlainObject('options', options)
    requireKnown('', options, ['signal'])
    const { signal } = options
    requireSignal('signal', signal)
    const onAbort = (): void => this.#hurry.abort()
    if (signal?.aborted === true) onAbort()
    signal?.addEventListener('abort', onAbort)
    try {
      if (this.#stopping === undefined) {
        const stopped = new Deferred<void>()
        this.#stopping = stopped.promise
        settle(stopped, this.#close())
      }
      await this.#stopping
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }

  /** Stop, so that `await using` frees everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  /**
   * Replace the tags of the local member. Before `start` they are only kept. Resolves once they
   * have been spread, or could not be in time.
   *
   * @throws {OptionError} when they do not fit into 512 bytes; nothing has changed then.
   *   {LibringError} `LIBRING_CLOSED` once stopped.
   */
  async setTags(tags: Readonly<Record<string, string>>): Promise<void> {
    if (this.#stopping !== undefined) throw closedError()
    await this.#membership.setTags(tags)
  }

  /**
   * What the local member holds, step by step. Every iterator opens with an `acquire` for all
   * that is held. Steps it has not asked for fold, so that at most one waits per partition.
   * Asking for the next step says that the last one is dealt with. Ends when the cluster stops.
   */
  get events(): AsyncIterable<OwnershipEvent> {
    return this.#delivery.stream('any')
  }

  /** The acquires among `events`. A partition that keeps being held, under another index, is none. */
  get acquisitions(): AsyncIterable<AcquireEvent> {
    return this.#delivery.stream('acquire')
  }

  /** The releases among `events`. */
  get releases(): AsyncIterable<ReleaseEvent> {
    return this.#delivery.stream('release')
  }

  /**
   * What Serf tells of members, from now on. At most 1,024 events wait for one reader; what does
   * not fit pushes out the oldest, which is counted. Ends when the cluster has stopped.
   */
  get serfEvents(): AsyncIterable<MemberEvent> {
    return this.#memberFeed
  }

  /**
   * Have `listener` called in line, before anything else happens: it must not take long. What it
   * throws is logged. Returns how to stop.
   */
  on<T extends ClusterEventType>(type: T, listener: (event: ClusterEvents[T]) => void): () => void {
    requireOneOf('type', type, CLUSTER_EVENT_TYPES)
    requireFunction('listener', listener)
    return this.#listeners.add(type, listener)
  }

  /** The name of the local member, known from the beginning. */
  get localName(): string {
    return this.#membership.localName
  }

  /** The members of the ring, in the order of the UTF-8 bytes of their names. */
  get members(): readonly ClusterMember[] {
    return this.#ring.members
  }

  /** The local member, in the ring or not. `undefined` before `start`. */
  get localMember(): ClusterMember | undefined {
    const { localName } = this.#membership
    const member = this.#membership.members().find(({ name }) => name === localName)
    return member && this.#reader.read(member)
  }

  /** The gossip node underneath; `undefined` when membership is something else. */
  get serf(): GossipNode | undefined {
    return this.#membership instanceof GossipNode ? this.#membership : undefined
  }

  /** Requests to and from other members; `undefined` when membership is not a gossip node. */
  get peers(): Peers | undefined {
    return this.serf?.peers
  }

  get stats(): ClusterStats {
    const { dropped } = this.#memberFeed
    const { tagsIgnored } = this.#reader
    return { ...this.#counts, memberEventsDropped: dropped, tagsIgnored }
  }

  /** From 0 to the partition count less one. The same on every member, at any time. */
  partitionForKey(key: Key): number {
    return this.#ring.partitionForKey(key)
  }

  /** The primary of the key's partition. `undefined` without ring members, or before `start`. */
  ownerForKey(key: Key): ClusterMember | undefined {
    return this.#ring.ownerForKey(key)
  }

  /** Who holds the key, primary first. Empty without ring members, or before `start`. */
  holdersForKey(key: Key): readonly ClusterMember[] {
    return this.#ring.holdersForKey(key)
  }

  /** Every member of the ring, in the order in which to try them for the key. */
  membersForKey(key: Key): readonly ClusterMember[] {
    return this.#ring.membersForKey(key)
  }

  /** @throws {OptionError} unless `partition` is one of the ring's. */
  holdersForPartition(partition: number): readonly ClusterMember[] {
    return this.#ring.holdersForPartition(partition)
  }

  /** @throws {OptionError} unless `partition` is one of the ring's. */
  membersForPartition(partition: number): readonly ClusterMember[] {
    return this.#ring.membersForPartition(partition)
  }

  async #open(): Promise<void> {
    moveIn(this.#membership)
    this.#unsubscribe = this.#membership.subscribe((event) => this.#hear(event))
    try {
      const opened = this.#membership.start()
      // Where it is open at once, as in a simulation, so are we.
      if (this.localMember?.status === 'alive') this.#begin()
      await opened
    } catch (error) {
      if (this.#stopping === undefined) {
        this.#unsubscribe()
        moveOut(this.#membership)
        this.#starting = undefined
      }
      throw error
    }
    if (this.#hasBegun) return
    if (this.#stopping !== undefined) throw closedError()
    this.#begin()
  }

  #begin(): void {
    this.#hasBegun = true
    const { localName, expectsOthers } = this.#membership
    this.#logger.info('started', { member: localName })
    const members = this.#membership.members()
    this.#driver.feed({
      type: 'start',
      candidates: members.flatMap((member) => this.#reader.candidacy(member).member ?? []),
      // Who may not be alone has to wait for somebody, though there is nobody to ask.
      othersExpected: expectsOthers || !this.#options.ownership.formAlone,
      othersSeen: members.some(({ name, status }) => name !== localName && status === 'alive'),
    })
  }

  async #close(): Promise<void> {
    this.#endAsked.resolve()
    this.#driver.feed({ type: 'stop' })
    this.#delivery.end()
    try {
      await this.#unlessHurried(this.#delivery.whenLetGo())
      if (this.#starting !== undefined) await this.#moveOut()
    } finally {
      this.#unsubscribe?.()
      this.#driver[Symbol.dispose]()
      this.#delivery.abandon()
      this.#memberFeed.end()
      this.#ring = new Ring<ClusterMember>([], this.#options.ring)
    }
    if (this.#hasBegun) this.#logger.info('stopped', { member: this.localName })
  }

  async #moveOut(): Promise<void> {
    if (moveOut(this.#membership) === 'let it be') return
    try {
      if (!this.#hurry.signal.aborted) await this.#unlessHurried(this.#membership.leave())
    } catch (error) {
      this.#logger.warn('farewell failed', { error })
    } finally {
      await this.#membership.stop()
    }
  }

  /** Until `work` is done, or whoever stops us gives up on it. */
  async #unlessHurried(work: Promise<void>): Promise<void> {
    const { signal } = this.#hurry
    const hurried = new Deferred<void>()
    const onAbort = (): void => hurried.resolve()
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort)
    try {
      await Promise.race([work, hurried.promise])
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  #hear(event: MemberEvent): void {
    this.#memberFeed.publish(event)
    this.#listeners.tell('member', event)
    const candidacies = event.members.map((member) => this.#reader.candidacy(member))
    this.#driver.feed({ type: 'members', event, candidacies })
  }

  #perform(effect: OwnershipEffect): void {
    switch (effect.type) {
      case 'view':
        this.#show(effect.view)
        break
      case 'step':
        this.#delivery.publish(effect.event)
        this.#listeners.tell(effect.event.type, effect.event)
        break
      case 'peer-message':
      case 'exchange':
      case 'report':
        // Only where some member can hand off, and as yet there is no way to reach one.
        break
    }
  }

  #show({ epoch, ring, cause }: View): void {
    const { members } = ring
    const { partitions } = this.#options.ring
    if (members.length > partitions && this.#ring.members.length <= partitions) {
      this.#logger.warn('more members than partitions', { members: members.length, partitions })
    }
    this.#ring = ring
    this.#counts.views = epoch
    this.#logger.info('rebalanced', { epoch, members: members.length })
    this.#listeners.tell('rebalance', { epoch, members, cause })
  }

  #onHandlerFailed(event: OwnershipEvent, error: unknown, attempt: number): void {
    this.#counts.handlersFailed++
    const { type, partition } = event
    this.#logger.error('handler failed', { type, partition, attempt, error })
    this.#listeners.tell('handler-error', { event, error, attempt })
  }

  #onHandlerOverdue(event: OwnershipEvent): void {
    this.#counts.handlersOverdue++
    const { type, partition } = event
    this.#logger.warn('handler overdue', { type, partition })
    this.#listeners.tell('handler-overdue', { event })
  }
}

function settle(deferred: Deferred<void>, work: Promise<void>): void {
  work.then(
    () => deferred.resolve(),
    (error: unknown) => deferred.reject(error),
  )
}

function closedError(): LibringError {
  return new LibringError('LIBRING_CLOSED', 'the cluster was stopped')
}
