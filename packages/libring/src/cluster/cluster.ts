import { LibringError, OptionError } from '../base/errors.ts'
import { LIBRING_TAG, type MemberEvent } from '../base/member.ts'
import {
  requireBoolean,
  requireFunction,
  requireKnown,
  requireOneOf,
  requirePlainObject,
  requireSignal,
} from '../base/require.ts'
import { Deferred } from '../gossip/deferred.ts'
import { GossipNode } from '../gossip/gossip-node.ts'
import type { Peers } from '../gossip/peers.ts'
import type { Millis } from '../base/time.ts'
import type { ClusterMember } from '../ownership/cluster-member.ts'
import { differences } from '../ownership/agreement.ts'
import type { View } from '../ownership/effects.ts'
import { roleAfter } from '../ownership/event.ts'
import type { AcquireEvent, OwnershipEvent, ReleaseEvent } from '../ownership/event.ts'
import { requireToken, type Token } from '../ownership/token.ts'
import type { Beginning } from './handlers.ts'
import type { Logger } from '../ports/logger.ts'
import type { Membership } from '../ports/membership.ts'
import { Ring } from '../ring/ring.ts'
import { CLUSTER_EVENT_TYPES } from './cluster-events.ts'
import type { ClusterEvents, ClusterEventType } from './cluster-events.ts'
import { Bulletin } from './bulletin.ts'
import { Delivery } from './delivery.ts'
import { MemberFeed } from './member-feed.ts'
import { resolveClusterOptions, underOptionsOf } from './options.ts'
import type { ClusterOptions, ResolvedClusterOptions } from './options.ts'
import type { ClusterPorts } from './ports.ts'
import { runToTheEnd, type RunOptions } from './run.ts'
import type { LocalRole } from './explanation.ts'
import type { PartitionTask, RunPartitionsOptions, Tenancy } from './partition-tasks.ts'
import { Moves } from './moves.ts'
import { whenReady, type ReadyOptions } from './ready.ts'
import { RingSeat } from './ring-seat.ts'
import { requireDrainOptions, type DrainOptions } from './drain.ts'
import { stallLimitMs } from './fence.ts'
import { Fencing } from './fencing.ts'
import type { Held } from './held.ts'
import { Hurry } from './hurry.ts'
import { Lookups } from './lookups.ts'
import { requireHolder } from './observer.ts'
import type { ClusterStats } from './stats.ts'

export interface StopOptions {
  /**
   * Whether the process is about to run again in place. Others keep its partitions for it for
   * `graceMs`, as they do for a member that failed.
   *
   * @defaultValue false
   */
  readonly returning?: boolean
  /** Gives up on handlers and on the farewell: everything is freed at once. */
  readonly signal?: AbortSignal
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
  readonly #fencing: Fencing
  readonly #seat: RingSeat
  readonly #delivery: Delivery
  readonly #memberFeed = new MemberFeed()
  readonly #bulletin: Bulletin
  readonly #endAsked = new Deferred<void>()
  readonly #hurry = new Hurry()
  // Both are set before anything is done: a listener may start or stop us in the midst of it.
  #starting: Promise<void> | undefined
  #stopping: Promise<void> | undefined
  #draining: Promise<void> | undefined
  #ringSinceMs: Millis = 0
  #unsubscribe: (() => void) | undefined

  /** @throws {OptionError} naming the first option that is unknown, malformed or out of range. */
  constructor(options: ClusterOptions, ports: ClusterPorts) {
    const resolved = resolveClusterOptions(options)
    const { logger, ownership, ring } = resolved
    super(new Ring<ClusterMember>([], ring), resolved.configuration, new Moves(ports.clock))
    this.#options = resolved
    this.#ports = ports
    this.#logger = logger
    this.#bulletin = new Bulletin(logger)
    this.#membership =
      resolved.membership ??
      underOptionsOf(options, () => ports.createGossip(resolved.gossip, logger))
    this.#fencing = new Fencing({
      clock: ports.clock,
      limitMs: () => stallLimitMs(this.#membership.deathAfterMs(), ownership.handoffTimeoutMs),
      onStall: (durationMs) => this.#onStall(durationMs),
    })
    const { clock } = this.#fencing
    this.#seat = new RingSeat({
      membership: this.#membership,
      options: resolved,
      clock,
      bulletin: this.#bulletin,
      sharing: ports.sharing,
      owner: {
        onView: (view) => this.#show(view),
        onRecords: ({ ring, homes }) => (this.inSight = { ...this.inSight, ring, homes }),
        onEntry: () => this.#fencing.check(),
        onCertain: () => this.#fencing.goOn(),
        onStep: (event) => {
          this.#fencing.apply(event)
          this.#delivery.publish(event)
          this.#bulletin.tell(event.type, event)
          this.moves.moved(event.partition)
        },
      },
    })
    this.#delivery = new Delivery({
      handlers: resolved.handlers,
      clock,
      random: ports.random,
      invoke: ports.invoke,
      gate: this.#fencing.gate,
      tenancy: ({ partition }) => this.#tenancy(partition),
      extras: (event) => this.#beginning(event),
      releaseTimeoutMs: ownership.releaseTimeoutMs,
      observer: {
        onSettled: (partition, seq, state) => {
          this.#seat.settle(partition, seq, state)
          this.moves.moved(partition)
        },
        onLetGo: (partition, seq) => this.#seat.letGo(partition, seq),
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
    if (this.#starting !== undefined) return this.#starting
    const started = new Deferred<void>()
    this.#starting = started.promise
    started.follow(this.#open())
    return started.promise
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
    if (this.#stopping !== undefined || !this.#seat.isTaken || signal?.aborted === true) {
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
    requireKnown('', options, ['returning', 'signal'])
    const { returning = false, signal } = options
    requireBoolean('returning', returning)
    requireSignal('signal', signal)
    const onAbort = (): void => this.#hurry.start()
    if (signal?.aborted === true) onAbort()
    signal?.addEventListener('abort', onAbort)
    try {
      if (this.#stopping === undefined) {
        const stopped = new Deferred<void>()
        this.#stopping = stopped.promise
        stopped.follow(this.#close(returning ? 'to return' : 'for good'))
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
    this.#seat.requireTagsOutside(tags)
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
   * Run `work` for every partition whose index 0 the local member holds, for as long as it does.
   * Resolves once `signal` has aborted, or the cluster has stopped, and all work has ended.
   *
   * Work that ends before its signal aborts is begun anew, at first after 500 ms, at last after
   * 30 s; what it throws is told as `handler-error`. A hand-off waits for it.
   */
  async runPartitions(work: PartitionTask, options?: RunPartitionsOptions): Promise<void> {
    requireHolder(this.#membership)
    await this.#delivery.runPartitions(work, options)
  }

  /**
   * The local member's holding of index 0 of the partition; `undefined` while it has none. Ask
   * whether it is valid before a write that nothing else fences, and send its token with one that a
   * store can refuse.
   */
  held(partition: number): Held | undefined {
    return this.#fencing.held(partition)
  }

  /**
   * Resolves once the ring has had so many members for so long.
   *
   * @throws {LibringError} `LIBRING_CLOSED` once stopped. The reason of the signal, when it aborts.
   */
  async ready(options: ReadyOptions = {}): Promise<void> {
    if (this.#stopping !== undefined) throw closedError()
    const outcome = await whenReady(options, {
      clock: this.#ports.clock,
      size: () => this.members.length,
      sinceMs: () => this.#ringSinceMs,
      onRebalance: (listener) => this.#bulletin.add('rebalance', listener),
      ended: this.#endAsked.promise,
    })
    if (outcome === 'ended') throw closedError()
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
    return this.memberNamed(this.localName)
  }

  override memberNamed(name: string): ClusterMember | undefined {
    const member = this.#membership.members().find((each) => each.name === name)
    return member && this.#seat.read(member)
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
    const memberEventsDropped = this.#memberFeed.dropped
    return { ...this.#seat.stats, ...this.#bulletin.counts, memberEventsDropped }
  }

  async #open(): Promise<void> {
    try {
      this.#seat.open()
      const unwatch = this.#membership.watchEntries?.(() => this.#fencing.check())
      const unsubscribe = this.#membership.subscribe((event) => this.#hear(event))
      this.#unsubscribe = () => {
        unwatch?.()
        unsubscribe()
      }
      const opened = this.#membership.start()
      // Where it is open at once, as in a simulation, so are we.
      const { isObserver = false } = this.#membership
      if (this.localMember?.status === 'alive' && !isObserver) this.#begin()
      await opened
      if (isObserver) await this.#seat.requireOutside()
    } catch (error) {
      if (this.#stopping === undefined) {
        this.#unsubscribe?.()
        this.#seat.close('perhaps again')
        this.#starting = undefined
      }
      throw error
    }
    if (this.#seat.isTaken) return
    if (this.#stopping !== undefined) throw closedError()
    this.#begin()
  }

  #begin(): void {
    this.#logger.info('started', { member: this.localName })
    this.#fencing.start()
    this.#seat.take()
  }

  async #close(how: 'to return' | 'for good'): Promise<void> {
    this.#endAsked.resolve()
    // Before the farewell, which would take the place of that news where it is still queued.
    if (how === 'to return') await this.#hurry.unless(this.#seat.announceReturn())
    this.#fencing.stop()
    this.#seat.release()
    this.#delivery.end()
    try {
      await this.#hurry.unless(this.#delivery.whenLetGo())
      if (this.#starting !== undefined) await this.#moveOut()
    } finally {
      this.#unsubscribe?.()
      this.#seat.close('for good')
      this.#delivery.abandon()
      this.#memberFeed.end()
      const ring = new Ring<ClusterMember>([], this.#options.ring)
      this.inSight = { ring, homes: ring, lost: undefined }
      // Nothing comes here any more.
      this.moves.movedAll()
    }
    if (this.#seat.isTaken) this.#logger.info('stopped', { member: this.localName })
  }

  async #moveOut(): Promise<void> {
    if (this.#seat.leave() === 'let it be') return
    try {
      if (!this.#hurry.isOn) await this.#hurry.unless(this.#membership.leave())
    } catch (error) {
      this.#logger.warn('farewell failed', { error })
    } finally {
      await this.#membership.stop()
    }
  }

  #onStall(durationMs: Millis): void {
    // Whoever hears of it may do something that is told to the seat.
    this.#seat.stalled()
    this.#fencing.lapse()
    this.#delivery.lapse()
    this.#bulletin.stalled(durationMs)
  }

  #tenancy(partition: number): Tenancy {
    const held = this.held(partition)
    return { token: held?.token, held }
  }

  /** What the handler of a step that takes index 0 gets besides. */
  #beginning(event: OwnershipEvent): Beginning {
    if (roleAfter(event) !== 0) return {}
    const { partition } = event
    const held = this.#fencing.held(partition)
    return { held, tokenAbove: (seen) => this.#tokenAbove(partition, held, seen) }
  }

  #tokenAbove(partition: number, held: Held | undefined, seen: Token): Token {
    requireToken('seen', seen)
    const isBeginning = held?.valid === true && !this.#delivery.isServing(partition)
    const token = isBeginning ? this.#seat.tokenAbove(partition, seen) : undefined
    if (token === undefined) {
      const message = 'the partition is being served, or not held, so its token is final'
      throw new LibringError('LIBRING_TOKEN_FINAL', message)
    }
    this.#fencing.retoken(partition, token)
    return token
  }

  #hear(event: MemberEvent): void {
    this.#fencing.check()
    this.#memberFeed.publish(event)
    this.#bulletin.tell('member', event)
    this.#seat.hear(event)
  }

  /** Resolves once others have everything, or there is nobody to have it. */
  async #handOver(): Promise<void> {
    const { localName } = this
    if (!this.members.some(({ name }) => name !== localName)) return
    this.#logger.info('draining', { member: localName })
    await this.#seat.handOver()
  }

  override servedBy(partition: number): string | undefined {
    return this.#seat.servedBy(partition)
  }

  override localRole(partition: number): LocalRole | undefined {
    return this.#delivery.roleOf(partition)
  }

  #show(view: View): void {
    const { members } = view.ring
    const { partitions } = this.#options.ring
    if (members.length > partitions && this.members.length <= partitions) {
      this.#logger.warn('more members than partitions', { members: members.length, partitions })
    }
    const lost = view.lostTo && differences(this.#options.configuration, view.lostTo)
    this.inSight = { ring: view.ring, homes: view.homes, lost }
    this.history.record({ ...view, atMs: this.#ports.clock.wallMs() })
    this.#ringSinceMs = this.#ports.clock.nowMs()
    this.#bulletin.rebalanced(view)
    this.moves.movedAll()
  }
}

function closedError(): LibringError {
  return new LibringError('LIBRING_CLOSED', 'the cluster was stopped')
}
