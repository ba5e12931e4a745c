import { addressText, type Address } from '../base/address.ts'
import { JoinError, LibringError } from '../base/errors.ts'
import type { Member } from '../base/member.ts'
import { requireBoolean, requireOptions, requireSignal } from '../base/require.ts'
import type { Random } from '../base/random.ts'
import type { Millis } from '../base/time.ts'
import type { Clock } from '../ports/clock.ts'
import type { KeyStore } from '../ports/key-store.ts'
import type { Logger } from '../ports/logger.ts'
import type { MemberListener, Membership } from '../ports/membership.ts'
import type { Resolver } from '../ports/resolver.ts'
import type { RingChannel } from '../ports/ring-channel.ts'
import type { Store } from '../ports/store.ts'
import type { Receiver, Transport } from '../ports/transport.ts'
import type { Coordinate } from '../serf/coordinate.ts'
import type { SerfEffect, SerfInput } from '../serf/effects.ts'
import { SerfMachine } from '../serf/serf-machine.ts'
import type { SerfGauges } from '../serf/stats.ts'
import { firstIncarnation } from '../swim/incarnations.ts'
import { leastDeathMs } from '../swim/suspicion.ts'
import type { Tags } from '../serf/tags.ts'
import type { NodeState } from '../wire/messages.ts'
import type { Cipher } from '../wire/seal.ts'
import type { AskedQuery } from './asked-query.ts'
import { Discovery } from './discovery.ts'
import { Conflicts } from './conflicts.ts'
import { Driver } from './driver.ts'
import { Entrance } from './entrance.ts'
import type { GossipStats } from './gossip-stats.ts'
import { InboundStreams } from './inbound.ts'
import { Joins } from './joins.ts'
import { KeyKeeper } from './key-keeper.ts'
import type { Keys } from './keys.ts'
import { MemberListeners } from './member-listeners.ts'
import { OwnTags } from './own-tags.ts'
import { requireMemberName, type Payload } from './payload.ts'
import { requireHosts, type ResolvedGossipOptions } from './options.ts'
import { OutboundStreams } from './outbound.ts'
import { PeerChannel } from './peer-channel.ts'
import type { PeerMessages } from './peer-messages.ts'
import type { Peers } from './peers.ts'
import { PendingCalls } from './pending-calls.ts'
import { GossipRingChannel } from './ring-channel.ts'
import { isPresent, presentNames, routeTo } from './routes.ts'
import { securityOf } from './security-options.ts'
import { SnapshotKeeper } from './snapshot-keeper.ts'
import type { QueryOptions } from './query-options.ts'
import type { SerfEvents } from './serf-events.ts'
import { Talk, type UserEventOptions } from './talk.ts'

/** What a node is made of: its options, and a hand for everything it cannot do itself. */
export interface GossipNodeSetup {
  readonly options: ResolvedGossipOptions
  readonly transport: Transport
  readonly clock: Clock
  readonly random: Random
  readonly resolver: Resolver
  readonly cipher: Cipher
  readonly logger: Logger
  /** Where the snapshot is kept, if there is to be one. */
  readonly store?: Store | undefined
  /** Where keys are kept when members change them, if anywhere. */
  readonly keyStore?: KeyStore | undefined
  /** Whom it knows from the start. @defaultValue nobody */
  readonly known?: readonly NodeState[] | undefined
}

/**
 * Where a node is in its life: not begun, binding, a member, saying farewell, no longer a
 * member though still listening, or over.
 */
export type GossipStatus = 'idle' | 'starting' | 'alive' | 'leaving' | 'left' | 'stopped'

/**
 * The local process as a member of a Serf cluster.
 *
 * Everything here happens within the call that causes it: a packet is dealt with, wholly, before
 * the next is looked at. Only the promises handed to callers settle later.
 */
export class GossipNode implements Membership, AsyncDisposable {
  readonly localName: string
  /** Requests to and from other members of libring, for the application. */
  readonly peers: Peers
  /** What libring's own machines say to each other. */
  readonly peerMessages: PeerMessages
  readonly ringChannel: RingChannel
  readonly #options: ResolvedGossipOptions
  readonly #transport: Transport
  readonly #logger: Logger
  readonly #entrance: Entrance
  readonly #machine: SerfMachine
  readonly #driver: Driver<SerfInput, SerfEffect>
  readonly #inbound: InboundStreams
  readonly #outbound: OutboundStreams
  readonly #peerChannel: PeerChannel
  readonly #discovery: Discovery
  readonly #memberListeners: MemberListeners
  readonly #joins: Joins
  readonly #tags: OwnTags
  readonly #calls = new PendingCalls()
  readonly #keeper: SnapshotKeeper | undefined
  readonly #keyKeeper: KeyKeeper | undefined
  readonly #talk: Talk
  readonly #conflicts: Conflicts
  readonly #known: GossipNodeSetup['known']
  #phase: 'idle' | 'starting' | 'running' | 'stopped' = 'idle'
  #started: Promise<void> | undefined
  #bound: Address | undefined
  #stopping: Promise<void> | undefined

  constructor(setup: GossipNodeSetup) {
    const { options, random, cipher, logger, keyStore } = setup
    this.#known = setup.known
    this.#entrance = new Entrance(setup.clock, setup.transport, setup.resolver)
    const { clock, transport, resolver } = this.#entrance
    const security = securityOf(options.security, cipher)
    this.localName = options.hostName
    this.#options = options
    this.#tags = new OwnTags(options.tags)
    this.#transport = transport
    this.#logger = logger
    this.#memberListeners = new MemberListeners(logger)
    const { hostName: name, tags, swim, serf, coordinates } = options
    const keepsKeys = keyStore !== undefined
    const parts = { name, tags, swim, serf, random, security, coordinates, keepsKeys }
    this.#machine = new SerfMachine(parts)
    this.#keeper = setup.store && new SnapshotKeeper(setup.store, { clock, logger, options })
    this.#driver = new Driver(this.#machine, clock, (effect) => this.#perform(effect))
    const feed = (input: SerfInput) => this.#driver.feed(input)
    this.#joins = new Joins(feed)
    this.#keyKeeper = keyStore && new KeyKeeper(keyStore, logger, feed)
    const talk = { feed, logger, clock, serf, queryTimeoutMs: () => this.#machine.queryTimeoutMs }
    this.#talk = new Talk({
      ...talk,
      requireAlive: () => this.#requireStatus('alive'),
      requireRunning: () => this.#requireStatus('alive', 'leaving', 'left'),
      refusalOf: (query, payload) => this.#machine.refusalOf(query, payload, clock.nowMs()),
      presentNames: () => presentNames(this.members()),
    })
    const timeoutMs = swim.streamTimeoutMs
    this.#conflicts = new Conflicts(clock, logger, (type, event) => this.#talk.tell(type, event))
    this.#outbound = new OutboundStreams({ clock, transport, timeoutMs, security, feed })
    const routeToMember = (member: string) => routeTo(this.#machine.member(member))
    const channel = { clock, transport, security, localName: name, timeoutMs, logger }
    this.#peerChannel = new PeerChannel({ ...channel, routeTo: routeToMember })
    this.peers = this.#peerChannel.peers
    this.peerMessages = this.#peerChannel.messages
    const talks = { tags: this.#tags, messages: this.peerMessages, joins: this.#joins, random }
    this.ringChannel = new GossipRingChannel({
      ...talks,
      others: () => this.members().filter(({ name }) => name !== this.localName),
      announce: (text) => this.#replaceTags(() => this.#tags.announce(text)),
    })
    const acceptPeer = this.#peerChannel.accept
    this.#inbound = new InboundStreams({ clock, timeoutMs, security, feed, acceptPeer })
    this.#discovery = new Discovery(
      { options, clock, random, resolver, logger },
      {
        join: (seeds, as, onJoined) => {
          const replay = options.bootstrapReplay || as === 'returner'
          this.#joins.begin(seeds, as, { replay, onJoined })
        },
        presentAddresses: () => this.members().filter(isPresent),
        failed: (tries) => this.#talk.tell('bootstrap-failed', { tries }),
      },
    )
  }

  /** Whether there are bootstrap hosts, or members from before a restart, to wait for. */
  get expectsOthers(): boolean {
    return this.#options.bootstrapHosts.length > 0 || (this.#keeper?.addresses.length ?? 0) > 0
  }

  get status(): GossipStatus {
    return this.#phase === 'running' ? this.#machine.status : this.#phase
  }

  /**
   * Where it listens, with the real port; once stopped, where it did.
   *
   * @throws {LibringError} `LIBRING_NOT_STARTED` until it listens.
   */
  get bound(): Address {
    if (this.#bound !== undefined) return this.#bound
    throw new LibringError('LIBRING_NOT_STARTED', 'the node has not been started')
  }

  /**
   * Where other members are told to reach it.
   *
   * @throws {LibringError} `LIBRING_NOT_STARTED` until it listens.
   */
  get advertised(): Address {
    const { host, port } = this.#options.advertise
    return { host, port: port ?? this.bound.port }
  }

  get stats(): GossipStats {
    const { refused, timedOut } = this.#inbound
    const peers = this.#peerChannel.stats
    return { ...this.#machine.stats, streamsRefused: refused, streamsTimedOut: timedOut, peers }
  }

  /** How things stand now. */
  get gauges(): SerfGauges {
    return this.#machine.gauges
  }

  /** Lifeguard's health score of this node: 0 is healthy. */
  get awareness(): number {
    return this.#machine.awareness
  }

  deathAfterMs(): Millis {
    return leastDeathMs(this.#options.swim, this.members().filter(isPresent).length)
  }

  /** Where a member is in the network, by its word when we last probed it; `undefined` before. */
  coordinate(name: string = this.localName): Coordinate | undefined {
    return this.#machine.coordinates?.of(name)
  }

  /** Expected round trip between two members in milliseconds, if both coordinates are known. */
  rtt(a: string, b: string = this.localName): Millis | undefined {
    return this.#machine.coordinates?.rttMs(a, b)
  }

  members(): readonly Member[] {
    return this.#machine.members()
  }

  incarnationOf(name: string): number | undefined {
    return this.#machine.incarnationOf(name)
  }

  subscribe(listener: MemberListener): () => void {
    return this.#memberListeners.add(listener)
  }

  /**
   * Listen, take our place, and begin to look for the bootstrap hosts. May be tried again after
   * a failure. Where the transport opens at once, as in a simulation, so does the node.
   *
   * @throws {BindError} when the address is taken; nothing stays open then.
   * @throws {LibringError} `LIBRING_CLOSED` when stopped before or meanwhile.
   */
  start(): Promise<void> {
    if (this.#phase === 'stopped') return Promise.reject(closedError())
    if (this.#phase === 'idle' || this.#started === undefined) this.#started = this.#open()
    return this.#started
  }

  watchEntries(watcher: () => void): () => void {
    return this.#entrance.watch(watcher)
  }

  /**
   * Push/pull with every address of `hosts`, each `host`, `host:port` or `member/host:port`. At most 256.
   *
   * @param options.replay have user events from before the join told as well.
   * @returns how many addresses answered with a member other than this one; at least 1.
   * @throws {JoinError} when none did.
   * @throws {LibringError} `LIBRING_CLOSED` unless the node is a member all the while.
   */
  async join(
    hosts: readonly string[],
    options: { readonly signal?: AbortSignal; readonly replay?: boolean } = {},
  ): Promise<number> {
    requireOptions(options, ['signal', 'replay'])
    const { signal, replay = false } = options
    requireSignal('signal', signal)
    requireBoolean('replay', replay)
    const targets = requireHosts('hosts', hosts)
    this.#requireStatus('alive')
    signal?.throwIfAborted()
    if (targets.length === 0) throw new JoinError([])
    return await this.#joins.join(targets, {
      means: this.#entrance,
      port: this.bound.port,
      replay,
      signal,
      logger: this.#logger,
    })
  }

  /** Hear of one type of event from now on, in line. Returns how to stop. */
  on<T extends keyof SerfEvents>(type: T, listener: (event: SerfEvents[T]) => void): () => void {
    return this.#talk.on(type, listener)
  }

  /**
   * Tell every member of something, this node included. Resolves once it is on its way.
   *
   * @param payload with `name` at most `userEventBytesMax`.
   * @throws {LibringError} `LIBRING_TOO_LARGE` when it is longer; `LIBRING_CLOSED` unless the node
   *   is a member.
   */
  userEvent(name: string, payload?: Payload, options?: UserEventOptions): Promise<void> {
    return this.#talk.userEvent(name, payload, options)
  }

  /**
   * Ask every member who is meant, this node included, and get what they answer as it comes.
   *
   * @param payload with `name` and filters at most `queryBytesMax` once encoded: over that, reading
   *   throws `LIBRING_TOO_LARGE`.
   * @throws {OptionError} naming the first argument or option that is out of its range.
   * @throws {LibringError} `LIBRING_CLOSED` unless the node is a member.
   */
  query(name: string, payload?: Payload, options: QueryOptions = {}): AskedQuery {
    this.#requireStatus('alive')
    return this.#talk.queries.ask(name, payload, options)
  }

  /** The keys of the whole cluster. */
  get keys(): Keys {
    return this.#talk.keys
  }

  /**
   * Replace the tags of the local member; before `start` they are only kept. Resolves once they
   * have been spread, or could not be within the broadcast timeout.
   *
   * @throws {OptionError} when they do not fit into 512 bytes; nothing has changed then.
   * @throws {LibringError} `LIBRING_CLOSED` once the node leaves or stops.
   */
  async setTags(tags: Readonly<Record<string, string>>): Promise<void> {
    await this.#replaceTags(() => this.#tags.give(tags))
  }

  /**
   * Turn a failed member into one that left, everywhere. An unknown name does no harm.
   *
   * @param options.prune forget the member at once as well.
   * @throws {LibringError} `LIBRING_CLOSED` unless the node is a member all the while;
   *   `LIBRING_BROADCAST_TIMEOUT` when the word could not be spread in time.
   */
  async forceLeave(name: string, options: { readonly prune?: boolean } = {}): Promise<void> {
    requireOptions(options, ['prune'])
    const { prune = false } = options
    requireBoolean('prune', prune)
    requireMemberName('name', name)
    this.#requireStatus('alive')
    const done = this.#calls.forcedLeave(name)
    this.#driver.feed({ type: 'force-leave', name, prune })
    await done
  }

  /**
   * Tell everybody that this member leaves for good. Resolves at once unless started, and when
   * the node is stopped meanwhile.
   *
   * @throws {LibringError} `LIBRING_LEAVE_TIMEOUT` when the farewell could not be spread in time.
   */
  async leave(): Promise<void> {
    if (this.#phase === 'starting') await this.#started?.catch(() => {})
    if (this.#phase !== 'running') return
    await this.#calls.farewell(() => {
      this.#logger.info('leaving', { member: this.localName })
      this.#discovery[Symbol.dispose]()
      this.#joins.leave(() => closedError('leaving'))
      this.#peerChannel.close()
      this.#keeper?.noteLeave()
      this.#driver.feed({ type: 'leave' })
    })
  }

  stop(): Promise<void> {
    return (this.#stopping ??= this.#close())
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  #replaceTags(replace: () => Tags): Promise<void> {
    this.#requireStatus('idle', 'starting', 'alive')
    const tags = replace()
    const done = this.#calls.tagChange()
    this.#driver.feed({ type: 'tags', tags })
    return done
  }

  async #open(): Promise<void> {
    this.#phase = 'starting'
    try {
      const reading = this.#keeper?.open()
      if (reading !== undefined) await reading
      if (this.#isStopped) throw closedError()
      const opening = this.#transport.open(this.#receiver())
      // Waiting takes a turn of the event loop even where there is nothing to wait for.
      if (opening !== undefined) await opening
    } catch (error) {
      await this.#keeper?.release()
      if (!this.#isStopped) this.#phase = 'idle'
      throw this.#isStopped ? closedError() : error
    }
    if (this.#isStopped) throw closedError()
    this.#phase = 'running'
    this.#bound = this.#transport.address
    const { bound, advertised, localName: member } = this
    const [address, toOthers] = [addressText(bound), addressText(advertised)]
    this.#logger.info('listening', { member, address, advertised: toOthers })
    const remembered = this.#keeper?.addresses ?? []
    this.#keeper?.start(this.#machine.clocks, (ltimes) =>
      this.#driver.feed({ type: 'recall', ltimes }),
    )
    const incarnation = firstIncarnation(this.#entrance.clock.wallMs())
    this.#driver.feed({ type: 'start', advertise: advertised, incarnation, known: this.#known })
    const isBack = this.#keeper?.remembers === true
    this.#discovery.start({ own: advertised, port: bound.port, remembered, isBack })
    // A listener may have stopped us.
    if (this.#isStopped) throw closedError()
  }

  async #close(): Promise<void> {
    const wasIdle = this.#phase === 'idle'
    this.#phase = 'stopped'
    this.#discovery[Symbol.dispose]()
    this.#driver[Symbol.dispose]()
    this.#inbound.closeAll()
    this.#outbound.closeAll()
    this.#peerChannel.drop()
    this.#joins.stop(closedError)
    this.#calls.stop(closedError)
    this.#talk.stop(closedError)
    await Promise.all([this.#transport[Symbol.asyncDispose](), this.#keeper?.close()])
    if (!wasIdle) this.#logger.info('stopped', { member: this.localName })
  }

  #receiver(): Receiver {
    return {
      onPacket: (from, bytes) => this.#driver.feed({ type: 'packet', from, bytes }),
      // Somebody may dial between the binding of the two sockets, or before we took our place.
      onStream: (stream) =>
        this.#phase === 'running' ? this.#inbound.accept(stream) : this.#inbound.refuse(stream),
    }
  }

  #perform(effect: SerfEffect): void {
    this.#keeper?.note(effect)
    this.#keyKeeper?.note(effect)
    switch (effect.type) {
      case 'send':
        return this.#transport.sendPacket(effect.to, effect.bytes)
      case 'dial':
        return this.#outbound.dial(effect.dial, effect.to, effect.bytes)
      case 'abandon':
        return this.#outbound.abandon(effect.dial)
      case 'respond':
        return this.#inbound.respond(effect.connection, effect.bytes)
      case 'members':
        return this.#tell(effect)
      case 'joined':
        return this.#joins.settle(effect.join, effect.contacted, effect.failures)
      case 'tags-spread':
        if (!effect.spread) this.#logger.warn('tags not spread in time', { member: this.localName })
        return this.#calls.tagsSpread()
      case 'force-left':
        return this.#calls.forcedLeaveOver(effect.name, effect.spread)
      case 'left':
        return this.#calls.farewellOver(effect.spread)
      case 'conflict':
        return this.#conflicts.note(effect)
      case 'name-lost':
        this.#conflicts.lose(effect)
        this.stop().catch((error: unknown) => this.#logger.error('not stopped', { error }))
        return
      case 'user-event':
      case 'user-event-sent':
      case 'query':
      case 'query-sent':
      case 'query-answer':
      case 'query-over':
      case 'keys-changed':
        return this.#talk.perform(effect)
    }
  }

  #tell(change: Extract<SerfEffect, { type: 'members' }>): void {
    this.#memberListeners.tell(change.event)
    this.#talk.perform(change)
    this.#discovery.noteMembers(change.event)
  }

  get #isStopped(): boolean {
    return this.#phase === 'stopped'
  }

  #requireStatus(...wanted: readonly GossipStatus[]): void {
    const { status } = this
    if (!wanted.includes(status)) throw closedError(status)
  }
}

function closedError(status: GossipStatus = 'stopped'): LibringError {
  const what = status === 'stopped' ? 'the node was stopped' : `the node is ${status}`
  return new LibringError('LIBRING_CLOSED', what)
}
