import { LibringError, OptionError } from '../base/errors.ts'
import { LIBRING_TAG, type MemberEvent } from '../base/member.ts'
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
import { differences } from '../ownership/agreement.ts'
import type { OwnershipStats } from '../ownership/stats.ts'
import { isGoMode } from '../ring/options.ts'
import type { OwnershipEffect, OwnershipInput, View } from '../ownership/effects.ts'
import type { AcquireEvent, OwnershipEvent, ReleaseEvent } from '../ownership/event.ts'
import { OwnershipMachine } from '../ownership/ownership-machine.ts'
import type { Logger } from '../ports/logger.ts'
import type { Membership } from '../ports/membership.ts'
import { Ring } from '../ring/ring.ts'
import { CLUSTER_EVENT_TYPES } from './cluster-events.ts'
import type { ClusterEvents, ClusterEventType } from './cluster-events.ts'
import { Bulletin } from './bulletin.ts'
import { Delivery } from './delivery.ts'
import { MemberFeed } from './member-feed.ts'
import { MemberReader } from './members.ts'
import { resolveClusterOptions, underOptionsOf } from './options.ts'
import type { ClusterOptions, ResolvedClusterOptions } from './options.ts'
import type { ClusterPorts } from './ports.ts'
import { runToTheEnd, type RunOptions } from './run.ts'
import { Presence } from './presence.ts'
import { RingPost, type PostStats } from './ring-post.ts'
import { requireDrainOptions, type DrainOptions } from './drain.ts'
import { Hurry } from './hurry.ts'
import { Lookups } from './lookups.ts'

export interface StopOptions {
  /** Gives up on handlers and on the farewell: everything is freed at once. */
  readonly signal?: AbortSignal
}

/** Plain counters since the start; they only grow. */
export interface ClusterStats extends OwnershipStats, PostStats {
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
export class Cluster extends Lookups implements AsyncDisposable {
  readonly #options: ResolvedClusterOptions
  readonly #ports: ClusterPorts
  readonly #logger: Logger
  readonly #membership: Membership
  readonly #reader: MemberReader
  readonly #presence: Presence
  readonly #post: RingPost | undefined
  readonly #machine: OwnershipMachine
  readonly #driver: Driver<OwnershipInput, OwnershipEffect>
  readonly #delivery: Delivery
  readonly #memberFeed = new MemberFeed()
  readonly #bulletin: Bulletin
  readonly #endAsked = new Deferred<void>()
  readonly #hurry = new Hurry()
  readonly #drained = new Deferred<void>()
  // Both are set before anything is done: a listener may start or stop us in the midst of it.
  #starting: Promise<void> | undefined
  #stopping: Promise<void> | undefined
  #draining: Promise<void> | undefined
  #hasBegun = false
  #isFormed = false
  #unsubscribe: (() => void) | undefined

  /** @throws {OptionError} naming the first option that is unknown, malformed or out of range. */
  constructor(options: ClusterOptions, ports: ClusterPorts) {
    const resolved = resolveClusterOptions(options)
    const { name, logger, ownership, ring, configuration, untagged } = resolved
    super(new Ring<ClusterMember>([], ring))
    this.#options = resolved
    this.#ports = ports
    this.#logger = logger
    this.#bulletin = new Bulletin(logger)
    this.#membership =
      resolved.membership ??
      underOptionsOf(options, () => ports.createGossip(resolved.gossip, logger))
    this.#reader = new MemberReader(resolved.members, ({ name }, tag) => {
      logger.warn('tag ignored', { member: name, tag })
    })
    const { localName, ringChannel } = this.#membership
    this.#machine = new OwnershipMachine({
      localName,
      ring,
      options: ownership,
      stance: { configuration, untagged },
      wallMs: () => ports.clock.wallMs(),
    })
    this.#driver = new Driver(this.#machine, ports.clock, (effect) => this.#perform(effect))
    this.#presence = new Presence({
      membership: this.#membership,
      name,
      configuration,
      filter: resolved.members.filter,
      logger,
      circumstances: () => ({ isFormed: this.#isFormed, isEmpty: this.#machine.isEmpty }),
    })
    this.#post =
      ringChannel &&
      new RingPost(ringChannel, name, {
        onMessage: (from, message) => this.#feedIn({ type: 'peer-message', from, message }),
        onExchanged: (member) => this.#feedIn({ type: 'exchanged', with: member }),
      })
    this.#delivery = new Delivery({
      handlers: resolved.handlers,
      clock: ports.clock,
      random: ports.random,
      invoke: ports.invoke,
      releaseTimeoutMs: ownership.releaseTimeoutMs,
      observer: {
        onSettled: (partition, seq, state) => {
          this.#feedIn({ type: 'handler-settled', partition, seq, state })
        },
        onFailed: (event, error, attempt) => this.#bulletin.handlerFailed(event, error, attempt),
        onOverdue: (event) => this.#bulletin.handlerOverdue(event),
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
   * Hand everything over, partition by partition, then leave: the local member takes no part any
   * more, and serves each partition until another one has it. Ends as {@link Cluster.stop} does;
   * idempotent. Where nobody is left to take over, or at the end of its time, it is that.
   *
   * In the `go-*` modes the local member gives up its watched tags, for Go libring to see.
   */
  async drain(options: DrainOptions = {}): Promise<void> {
    const { timeoutMs, signal } = requireDrainOptions(options)
    if (this.#stopping !== undefined || !this.#hasBegun || signal?.aborted === true) {
      return this.stop(signal === undefined ? {} : { signal })
    }
    const { clock } = this.#ports
    const over = new Deferred<void>()
    const timer = clock.at(clock.nowMs() + timeoutMs, () => over.resolve())
    const onAbort = (): void => over.resolve()
    signal?.addEventListener('abort', onAbort)
    this.#draining ??= this.#handOver()
    try {
      await Promise.race([this.#draining, this.#endAsked.promise, over.promise])
      await this.stop(signal === undefined ? {} : { signal })
    } finally {
      timer.cancel()
      signal?.removeEventListener('abort', onAbort)
    }
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
    const onAbort = (): void => this.#hurry.start()
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
    if (Object.hasOwn(tags, LIBRING_TAG)) {
      throw new OptionError(`tags.${LIBRING_TAG}`, 'left to libring', tags[LIBRING_TAG])
    }
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
    return this.#bulletin.add(type, listener)
  }

  /** The name of the local member, known from the beginning. */
  get localName(): string {
    return this.#membership.localName
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
    return {
      ...NO_POST,
      ...this.#machine.stats,
      ...this.#post?.stats,
      ...this.#bulletin.counts,
      memberEventsDropped: dropped,
      tagsIgnored,
    }
  }

  async #open(): Promise<void> {
    this.#presence.open()
    this.#unsubscribe = this.#membership.subscribe((event) => this.#hear(event))
    this.#post?.open()
    try {
      const opened = this.#membership.start()
      // Where it is open at once, as in a simulation, so are we.
      if (this.localMember?.status === 'alive') this.#begin()
      await opened
    } catch (error) {
      if (this.#stopping === undefined) {
        this.#unsubscribe()
        this.#post?.close()
        this.#presence.close()
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
      candidacies: members.map((member) => this.#reader.candidacy(member)),
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
      await this.#hurry.unless(this.#delivery.whenLetGo())
      if (this.#starting !== undefined) await this.#moveOut()
    } finally {
      this.#unsubscribe?.()
      this.#post?.close()
      this.#driver[Symbol.dispose]()
      this.#delivery.abandon()
      this.#memberFeed.end()
      this.inSight = { ring: new Ring<ClusterMember>([], this.#options.ring), lost: undefined }
    }
    if (this.#hasBegun) this.#logger.info('stopped', { member: this.localName })
  }

  async #moveOut(): Promise<void> {
    if (this.#presence.close() === 'let it be') return
    try {
      if (!this.#hurry.isOn) await this.#hurry.unless(this.#membership.leave())
    } catch (error) {
      this.#logger.warn('farewell failed', { error })
    } finally {
      await this.#membership.stop()
    }
  }

  #hear(event: MemberEvent): void {
    this.#memberFeed.publish(event)
    this.#bulletin.tell('member', event)
    const candidacies = event.members.map((member) => this.#reader.candidacy(member))
    this.#feedIn({ type: 'members', event, candidacies })
    // Tags decide whether the local member takes part.
    if (event.members.some(({ name }) => name === this.localName)) this.#presence.refresh()
  }

  #feedIn(input: OwnershipInput): void {
    this.#driver.feed(input)
    this.#checkDrained()
  }

  /** Whoever has handed over everything is a router now, or about to go. */
  #checkDrained(): void {
    if (this.#presence.standing !== 'draining' || !this.#machine.isEmpty) return
    this.#drained.resolve()
    this.#presence.refresh()
  }

  /** Resolves once others have everything, or there is nobody to have it. */
  async #handOver(): Promise<void> {
    const { ringChannel, localName } = this.#membership
    const hasOthers = this.members.some(({ name }) => name !== localName)
    if (ringChannel === undefined || !hasOthers) return
    this.#logger.info('draining', { member: localName })
    await this.#presence.depart('draining')
    if (isGoMode(this.#options.ring.assignment)) await this.#dropWatchedTags(ringChannel.tags)
    this.#checkDrained()
    await this.#drained.promise
  }

  async #dropWatchedTags(tags: Readonly<Record<string, string>>): Promise<void> {
    const kept = Object.entries(tags).filter(([tag]) => {
      return tag !== LIBRING_TAG && !this.#options.watched.includes(tag)
    })
    await this.#membership.setTags(Object.fromEntries(kept))
  }

  #perform(effect: OwnershipEffect): void {
    switch (effect.type) {
      case 'view':
        this.#show(effect.view)
        break
      case 'step':
        this.#delivery.publish(effect.event)
        this.#bulletin.tell(effect.event.type, effect.event)
        break
      case 'peer-message':
        this.#post?.send(effect.to, effect.message)
        break
      case 'exchange':
        this.#post?.exchange(effect.with)
        break
      case 'report':
        this.#bulletin.reported(effect.report)
        break
      case 'disagreement':
        this.#bulletin.disagreement(effect.fields)
        break
      case 'formed':
        this.#isFormed = true
        if (this.#hasBegun) this.#presence.refresh()
        break
    }
  }

  #show(view: View): void {
    const { members } = view.ring
    const { partitions } = this.#options.ring
    if (members.length > partitions && this.members.length <= partitions) {
      this.#logger.warn('more members than partitions', { members: members.length, partitions })
    }
    const lost = view.lostTo && differences(this.#options.configuration, view.lostTo)
    this.inSight = { ring: view.ring, lost }
    this.#bulletin.rebalanced(view)
  }
}

const NO_POST: PostStats = { messagesSent: 0, messagesFailed: 0, messagesMalformed: 0 }

function settle(deferred: Deferred<void>, work: Promise<void>): void {
  work.then(
    () => deferred.resolve(),
    (error: unknown) => deferred.reject(error),
  )
}

function closedError(): LibringError {
  return new LibringError('LIBRING_CLOSED', 'the cluster was stopped')
}
