import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { isLibringError } from '../base/errors.ts'
import type { ClusterEvents, ClusterEventType } from '../cluster/cluster-events.ts'
import type { PartitionTask, RunPartitionsOptions } from '../cluster/partition-tasks.ts'
import { BadAddresses } from '../routing/bad-addresses.ts'
import { decodeForwardMark } from '../routing/forward-mark.ts'
import type { RoutedCluster } from '../routing/routed-cluster.ts'
import { Credentials } from './credentials.ts'
import { InFlight } from './in-flight.ts'
import { LoopDelay } from './limits.ts'
import type { Means } from './means.ts'
import { resolveRouterOptions, type ResolvedRouterOptions, type RouterOptions } from './options.ts'
import { answer, answerUpgrade, outcomeOf, refusalOutcome } from './outcome.ts'
import { TOO_MANY_FIELDS, type Outcome } from './outcome.ts'
import { decodeKey, type Errand } from './passage.ts'
import { Pools } from './pools.ts'
import { FORWARD_HEADER, stripProvenance, surveyOf, targetOf } from './request-headers.ts'
import { RequestPassage, type Expectation } from './request-passage.ts'
import { requireShutdownOptions, shutDown, type ShutdownOptions } from './shutdown.ts'
import { noRouterStats, type RouterStats } from './stats.ts'
import { UpgradePassage } from './upgrade-passage.ts'

/** What a router has to know of a cluster. */
export interface RouterCluster extends RoutedCluster {
  on<T extends ClusterEventType>(type: T, listener: (event: ClusterEvents[T]) => void): () => void
  runPartitions(work: PartitionTask, options?: RunPartitionsOptions): Promise<void>
}

/** Brings requests to whoever serves their keys: the work behind all adapters. */
export class RequestRouter {
  readonly #means: Means
  readonly #loopDelay: LoopDelay
  readonly #unsubscribe: readonly (() => void)[]
  readonly #ended = new AbortController()
  /** Whether the local member is about to be gone: clients are to go to other members. */
  #isLeaving = false

  /** @throws {OptionError} naming the first option that is unknown, malformed or out of range. */
  constructor(cluster: RouterCluster, given: RouterOptions) {
    const options = resolveRouterOptions(given)
    const inFlight = new InFlight()
    const badAddresses = new BadAddresses(options.badAddressMs)
    this.#means = {
      cluster,
      options,
      inFlight,
      credentials: new Credentials(options.secrets),
      pools: new Pools(options),
      badAddresses,
      isBad: ({ url }) => badAddresses.size > 0 && badAddresses.has(url, performance.now()),
      stats: noRouterStats(),
    }
    this.#loopDelay = new LoopDelay(options.maxEventLoopDelayMs)
    this.#unsubscribe = [
      cluster.on('member', (event) => this.#means.pools.hear(event)),
      // Others may have what is held: nobody is to go on with it.
      cluster.on('stalled', () => inFlight.endAll()),
    ]
    const { signal } = this.#ended
    // This ends before the member says farewell. One that can hold nothing has nothing to let go.
    cluster
      .runPartitions((partition, task) => this.#seeOut(partition, task.signal), { signal })
      .then(
        () => (this.#isLeaving = true),
        () => {},
      )
  }

  get serve(): ResolvedRouterOptions['serve'] {
    return this.#means.options.serve
  }

  get stats(): RouterStats {
    const { stats, pools } = this.#means
    return { ...stats, pools: pools.size }
  }

  /** Serve or forward a request, or answer it with an error. */
  handle(
    request: IncomingMessage,
    response: ServerResponse,
    serve: ResolvedRouterOptions['serve'],
    expectation: Expectation,
  ): void {
    if (this.#isLeaving) response.shouldKeepAlive = false
    const outcome = this.#hindrance(
      request,
      this.#means.stats.inFlight,
      this.#means.options.maxInFlight,
    )
    const errand = outcome ?? this.#errandOf(request)
    if ('status' in errand) {
      this.#means.stats[errand.counter]++
      return answer(response, errand)
    }
    new RequestPassage(this.#means, errand, response, serve, expectation).go()
  }

  /** The same for a connection that asks for another protocol. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const outcome = this.#hindrance(
      request,
      this.#means.stats.upgrades,
      this.#means.options.maxUpgrades,
    )
    const errand = outcome ?? this.#errandOf(request)
    if ('status' in errand) {
      this.#means.stats[errand.counter]++
      socket.on('error', () => {})
      return answerUpgrade(socket, errand)
    }
    new UpgradePassage(this.#means, errand, socket, head).go()
  }

  /** Resolves once nothing of the partition is being served here, or after `timeoutMs`. */
  settled(partition: number, timeoutMs: number): Promise<'settled' | 'overdue'> {
    return this.#means.inFlight.settled(partition, timeoutMs)
  }

  /** End a server and the router with it. */
  async shutdown(server: Server, options: ShutdownOptions = {}): Promise<void> {
    const timeoutMs = requireShutdownOptions(options)
    this.#isLeaving = true
    this.#means.pools.breakUpgraded()
    await shutDown(server, timeoutMs)
    await this.close()
  }

  /** Close all connections to members. What is forwarded breaks off. */
  async close(): Promise<void> {
    if (this.#ended.signal.aborted) return
    this.#ended.abort()
    for (const unsubscribe of this.#unsubscribe) unsubscribe()
    this.#loopDelay.stop()
    await this.#means.pools.destroy()
  }

  /** The partition is held for as long as `signal` has not aborted; then its requests are to end. */
  async #seeOut(partition: number, signal: AbortSignal): Promise<void> {
    if (!signal.aborted) {
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    }
    if (this.#ended.signal.aborted) return
    const { inFlight, options } = this.#means
    inFlight.ending(partition)
    const outcome = await inFlight.settled(partition, options.releaseWaitMs)
    if (outcome === 'overdue') inFlight.end(partition)
  }

  #hindrance(request: IncomingMessage, count: number, max: number): Outcome | undefined {
    if (this.#ended.signal.aborted) return CLOSED
    if (count >= max || this.#loopDelay.isTooLong) return OVERLOADED
    const { headersMax } = this.#means.options
    return request.rawHeaders.length > 2 * headersMax ? TOO_MANY_FIELDS : undefined
  }

  /** What the request is for, or what to answer where that cannot be said. */
  #errandOf(request: IncomingMessage): Errand | Outcome {
    const { cluster, options } = this.#means
    try {
      const survey = surveyOf(request)
      const { hasBody } = survey
      const { mark, hops } = survey.mark === '' ? UNMARKED : this.#judge(request, survey.mark)
      if (mark === undefined) {
        if (survey.mark !== '') delete request.headers[FORWARD_HEADER]
        if (survey.hasProvenance && !options.trustForwarded) stripProvenance(request)
      }
      const key = decodeKey(mark?.key ?? '') ?? options.keyOf(request)
      if (key === undefined) return NO_KEY
      if (mark === undefined) {
        const partition = cluster.partitionForKey(key)
        return { request, key, partition, role: options.roleOf(request), mark, hops, hasBody }
      }
      const { partition, role, configuration } = mark
      // Members of one configuration see one partition for one key, so this is somebody else's.
      const isComparable = configuration === cluster.configurationDigest
      if (isComparable && partition !== cluster.partitionForKey(key)) {
        return refusalOutcome({ reason: 'key', owner: undefined })
      }
      return { request, key, partition, role, mark, hops, hasBody }
    } catch (error) {
      if (isLibringError(error) && error.code === 'LIBRING_CONFIG_MISMATCH') return MISMATCH
      options.onError(error, request)
      return THROWN
    }
  }

  /** The mark of a request where it is to be believed, and its hops in any case. */
  #judge(request: IncomingMessage, sent: string): Pick<Errand, 'mark' | 'hops'> {
    const { credentials, stats } = this.#means
    const genuine = credentials.verify(sent, request.method!, targetOf(request))
    const mark = decodeForwardMark(genuine ?? sent.split(' ', 1)[0]!)
    const hops = mark?.hop ?? 0
    if (genuine === undefined || mark === undefined) {
      stats.forged++
      return { mark: undefined, hops }
    }
    // Only who shares the secret may say what a request is for.
    return { mark: credentials.isShared ? mark : { ...mark, key: '' }, hops }
  }
}

const UNMARKED: Pick<Errand, 'mark' | 'hops'> = { mark: undefined, hops: 0 }
const CLOSED = outcomeOf('LIBRING_NO_OWNER', 'the router was closed')
const OVERLOADED = outcomeOf('LIBRING_OVERLOADED', 'there is too much to do')
const NO_KEY = outcomeOf('LIBRING_REQUEST_INVALID', 'the request has no key')
const MISMATCH = outcomeOf('LIBRING_CONFIG_MISMATCH', 'members have different configurations')
const THROWN = outcomeOf('LIBRING_SERVE_FAILED', 'the request failed')

/** A handler for `node:http`, and for whatever takes one. */
export interface Router extends AsyncDisposable {
  (request: IncomingMessage, response: ServerResponse): void
  /** For the event `upgrade` of a server: connections that ask for another protocol. */
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
  /**
   * For the event `checkContinue` of a server: a body is asked for only once somebody reads it.
   */
  readonly checkContinue: (request: IncomingMessage, response: ServerResponse) => void
  /** Listen to all three events of a server. Returns how to stop. */
  attach(server: Server): () => void
  /** Counters, as they are now. */
  stats(): RouterStats
  /**
   * Resolves once no request of the partition is being served here, or after `timeoutMs`. Letting a
   * partition go waits for that by itself.
   */
  settled(partition: number, timeoutMs: number): Promise<'settled' | 'overdue'>
  /**
   * End the server, once the cluster has ended: it takes no connections any more, each is closed as
   * soon as nothing is under way on it, and what is left is cut after `timeoutMs`. Connections that
   * were upgraded and passed on are cut at once. Then {@link Router.close}. Idempotent.
   *
   * @throws {OptionError} naming the first option that is unknown, malformed or out of range.
   */
  shutdown(server: Server, options?: ShutdownOptions): Promise<void>
  /**
   * Close all connections to members. Requests and upgraded connections that are forwarded break
   * off; idempotent.
   */
  close(): Promise<void>
}

/**
 * Have every request served by the member that serves its key: here, or by forwarding it there.
 *
 * @throws {OptionError} naming the first option that is unknown, malformed or out of range.
 */
export function createRouter(cluster: RouterCluster, options: RouterOptions): Router {
  const router = new RequestRouter(cluster, options)
  const { serve } = router
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    router.handle(request, response, serve, 'none')
  }
  const checkContinue = (request: IncomingMessage, response: ServerResponse): void => {
    router.handle(request, response, serve, 'continue')
  }
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    router.upgrade(request, socket, head)
  }
  const close = (): Promise<void> => router.close()
  return Object.assign(handle, {
    upgrade,
    checkContinue,
    attach: (server: Server) => attach(server, { handle, checkContinue, upgrade }),
    stats: () => router.stats,
    settled: (partition: number, timeoutMs: number) => router.settled(partition, timeoutMs),
    shutdown: (server: Server, given?: ShutdownOptions) => router.shutdown(server, given),
    close,
    [Symbol.asyncDispose]: close,
  })
}

function attach(
  server: Server,
  listeners: {
    readonly handle: (request: IncomingMessage, response: ServerResponse) => void
    readonly checkContinue: (request: IncomingMessage, response: ServerResponse) => void
    readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
  },
): () => void {
  const { handle, checkContinue, upgrade } = listeners
  server.on('request', handle).on('checkContinue', checkContinue).on('upgrade', upgrade)
  return () => {
    server.off('request', handle).off('checkContinue', checkContinue).off('upgrade', upgrade)
  }
}
