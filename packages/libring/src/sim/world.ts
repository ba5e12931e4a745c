import { OptionError } from '../base/errors.ts'
import {
  requireBoolean,
  requireFunction,
  requireKnown,
  requireMethods,
  requirePlainObject,
  requireWhole,
} from '../base/require.ts'
import { guardedLogger, LOGGER_METHODS, SILENT } from '../gossip/guarded-logger.ts'
import { seededRandom } from '../base/random.ts'
import type { Millis } from '../base/time.ts'
import type { Logger } from '../ports/logger.ts'
import { SimClock } from './clock.ts'
import { commonTable } from './company.ts'
import { Directory, type DirectoryOptions } from './directory.ts'
import { inject, requireLatency, requireRate, type Fault } from './faults.ts'
import type { Conditions } from './links.ts'
import type { SimNodeOptions, Surroundings } from './life.ts'
import type { Names } from './names.ts'
import { SimNetwork } from './network.ts'
import { SimNode, type SimClusters } from './node.ts'
import type { Observer } from './observer.ts'
import type { NodeState } from '../wire/messages.ts'
import { SharedViews } from './shared-views.ts'
import { Trace } from './trace.ts'
import type { Traffic } from './traffic.ts'
import { turn } from './turn.ts'

/** How a world is made. The same options give the same run, event by event. */
export interface WorldOptions {
  /** A whole number; everything random in the run comes from it. */
  readonly seed: number
  /** Nodes that are there from the start, named `node-0` and up. 0 to 65,536. */
  readonly nodes: number
  /**
   * Least and most time a datagram or a piece of a stream is under way. What is drawn between
   * them reorders datagrams.
   *
   * @defaultValue `[1, 10]`
   */
  readonly latencyMs?: readonly [min: Millis, max: Millis]
  /** Part of all datagrams that is lost, 0 to 1. @defaultValue 0 */
  readonly lossRate?: number
  /** Part of all datagrams that arrives twice, 0 to 1. @defaultValue 0 */
  readonly duplicateRate?: number
  /**
   * Options of every node.
   *
   * @defaultValue bootstrap hosts `cluster.sim`, a name that the first three nodes stand behind
   */
  readonly options?: SimNodeOptions
  /**
   * The cluster that runs on every node, or a function that says it for each, asked at every start
   * of one. A list makes several rings over one gossip node.
   *
   * @defaultValue none: nodes that gossip and hold nothing
   */
  readonly cluster?: SimClusters
  /**
   * How nodes learn of each other: by gossip, or told by one who knows, within these times. That is
   * for worlds of thousands; only crashes are noticed in it, and nodes have no `gossip`.
   *
   * @defaultValue `'gossip'`
   */
  readonly membership?: 'gossip' | DirectoryOptions
  /**
   * Whether the nodes of the beginning know each other from the start, as if they had been together
   * for long. Spares a large world the news of everybody to everybody. Only where nodes gossip.
   *
   * @defaultValue false
   */
  readonly formed?: boolean
  /**
   * Lines of the trace to keep, the latest; `'off'` to record nothing, which is faster by a tenth.
   *
   * @defaultValue 1,000
   */
  readonly traceLines?: number | 'off'
  /** Hears what the nodes log. @defaultValue nobody */
  readonly logger?: Logger
}

/** The name behind which the first nodes of a world are found. */
export const CLUSTER_NAME = 'cluster.sim'

const OPTIONS = {
  seed: true,
  nodes: true,
  latencyMs: true,
  lossRate: true,
  duplicateRate: true,
  options: true,
  cluster: true,
  membership: true,
  formed: true,
  traceLines: true,
  logger: true,
} as const satisfies Record<keyof WorldOptions, true>

const NODES_MAX = 65_536
const CLUSTER_NAME_NODES = 3

/** How often {@link World.runUntil} looks, in virtual time. */
const LOOK_EVERY_MS = 50

/** How often observers look, in virtual time. */
const OBSERVE_EVERY_MS = 250

/**
 * A cluster in memory, on virtual time: the real nodes over a simulated network and clock.
 *
 * Time passes only while the world runs, and nothing waits for the machine it runs on. There are
 * two ways. {@link World.runFor} and {@link World.runUntil} are plain loops, within which no
 * promise settles: for what is told by callbacks and events. {@link World.run} and
 * {@link World.until} let promises settle after everything that happens, before time goes on: for
 * handlers, and whatever else awaits something.
 */
export class World {
  /** What names stand for, for `bootstrapHosts` and `join`. Change it at will. */
  readonly names: Names = new Map()
  readonly trace: Trace
  readonly #seed: number
  readonly #clock = new SimClock()
  readonly #network: SimNetwork
  readonly #surroundings: Surroundings
  readonly #options: SimNodeOptions
  readonly #clusters: SimClusters
  readonly #nodes: SimNode[] = []
  readonly #observers = new Set<Observer>()
  #freshHosts = 0
  #isRunning = false

  /** @throws {OptionError} naming the first option out of range. */
  constructor(options: WorldOptions) {
    requirePlainObject('options', options)
    requireKnown('', options, Object.keys(OPTIONS))
    const { seed, nodes, latencyMs = [1, 10], lossRate = 0, duplicateRate = 0 } = options
    const { traceLines = 1_000, logger = SILENT, formed = false } = options
    requireWhole('seed', seed, 0, Number.MAX_SAFE_INTEGER)
    requireWhole('nodes', nodes, 0, NODES_MAX)
    if (traceLines !== 'off') requireWhole('traceLines', traceLines, 0, 10_000_000)
    requireRate('lossRate', lossRate)
    requireRate('duplicateRate', duplicateRate)
    requireBoolean('formed', formed)
    requireMethods('logger', logger, LOGGER_METHODS)
    requireLatency('latencyMs', latencyMs)
    this.#seed = seed
    this.trace = new Trace(traceLines)
    this.#network = new SimNetwork(this.#clock, this.trace, { latencyMs, lossRate, duplicateRate })
    this.#options = options.options ?? { bootstrapHosts: [CLUSTER_NAME] }
    this.#clusters = options.cluster ?? (() => [])
    this.#surroundings = {
      seed,
      clock: this.#clock,
      network: this.#network,
      directory: this.#directoryOf(options.membership),
      names: this.names,
      sharing: new SharedViews(),
      files: new Map(),
      trace: this.trace,
      logger: guardedLogger(logger),
    }
    const first = Array.from({ length: CLUSTER_NAME_NODES }, (_, index) => hostOf(index))
    this.names.set(CLUSTER_NAME, first.slice(0, Math.max(1, nodes)))
    const known = formed ? this.#tableOf(nodes) : []
    for (let index = 0; index < nodes; index++) this.#begin({}, this.#clusters, known)
  }

  /** Virtual time since the beginning of the world. */
  get nowMs(): Millis {
    return this.#clock.nowMs()
  }

  /** What the nodes have sent so far. */
  get traffic(): Traffic {
    return { ...this.#network.traffic }
  }

  /** Every node there ever was, up or not. */
  get nodes(): readonly SimNode[] {
    return this.#nodes
  }

  /** The node of this name. @throws {OptionError} when there is none. */
  node(name: string): SimNode {
    const node = this.#nodes.find((known) => known.name === name)
    if (node === undefined) throw new OptionError('name', 'the name of a node of this world', name)
    return node
  }

  /**
   * Start one more node.
   *
   * @param options those that differ from the world's.
   * @param clusters what runs on it, where that is not the world's.
   */
  addNode(options: SimNodeOptions = {}, clusters: SimClusters = this.#clusters): SimNode {
    return this.#begin(options, clusters, [])
  }

  #begin(options: SimNodeOptions, clusters: SimClusters, known: readonly NodeState[]): SimNode {
    const index = this.#nodes.length
    const setup = {
      name: `node-${index}`,
      host: hostOf(index),
      options: { ...this.#options, ...options },
      clusters,
      known,
      observers: this.#observers,
    }
    const node = new SimNode(setup, this.#surroundings)
    this.#nodes.push(node)
    return node
  }

  /** An address that no node has had. */
  freshHost(): string {
    return hostOf(NODES_MAX + this.#freshHosts++)
  }

  /**
   * Let virtual time pass. No promise settles meanwhile.
   *
   * @throws {OptionError} unless `durationMs` is a finite time from 0 up.
   */
  runFor(durationMs: Millis): void {
    requireDuration('durationMs', durationMs)
    this.#clock.runUntil(this.nowMs + durationMs)
  }

  /**
   * Let time pass until `isReached`, which is asked every 50 ms of virtual time. No promise
   * settles meanwhile.
   *
   * @returns how long it took, in virtual milliseconds.
   * @throws {Error} naming seed, nodes and time when `limitMs` pass first.
   * @throws {OptionError} unless `limitMs` is a finite time from 0 up.
   */
  runUntil(isReached: (world: World) => boolean, limitMs: Millis): Millis {
    requireFunction('isReached', isReached)
    requireDuration('limitMs', limitMs)
    const startMs = this.nowMs
    while (!isReached(this)) this.runFor(this.#lookAgainIn(startMs, limitMs))
    return this.nowMs - startMs
  }

  /**
   * Let virtual time pass, and promises settle: after everything that happens, whatever waits for
   * nothing but other promises goes on before time does. What waits for the real world, such as a
   * file or a real timer, is not waited for, and makes runs of one seed differ.
   *
   * @throws {OptionError} unless `durationMs` is a finite time from 0 up. {Error} while the world
   *   runs already.
   */
  async run(durationMs: Millis): Promise<void> {
    requireDuration('durationMs', durationMs)
    if (this.#isRunning) throw new Error('the world runs already: await what made it run')
    this.#isRunning = true
    try {
      const untilMs = this.nowMs + durationMs
      do await turn()
      while (this.#clock.step(untilMs))
    } finally {
      this.#isRunning = false
    }
  }

  /**
   * Let time pass, and promises settle, until `isReached`, which is asked every 50 ms of virtual
   * time.
   *
   * @returns how long it took, in virtual milliseconds.
   * @throws {Error} naming seed, nodes and time when `limitMs` pass first; while the world runs
   *   already. {OptionError} unless `limitMs` is a finite time from 0 up.
   */
  async until(isReached: (world: World) => boolean, limitMs: Millis): Promise<Millis> {
    requireFunction('isReached', isReached)
    requireDuration('limitMs', limitMs)
    const startMs = this.nowMs
    while (!isReached(this)) await this.run(this.#lookAgainIn(startMs, limitMs))
    return this.nowMs - startMs
  }

  /**
   * Let something go wrong.
   *
   * @throws {OptionError} naming the first field that is unknown, malformed or out of range.
   */
  inject(fault: Fault): void {
    inject(fault, {
      network: this.#network,
      trace: this.trace,
      nodes: this.#nodes,
      nowMs: () => this.nowMs,
      freshHost: () => this.freshHost(),
    })
    for (const observer of this.#observers) observer.onFault?.(fault)
  }

  /** Have `observer` watch from now on. It is told of every node that is up. Returns how to stop. */
  observe(observer: Observer): () => void {
    this.#observers.add(observer)
    this.#lookLater(observer)
    for (const node of this.#nodes) if (node.isUp) observer.onBegin?.(node)
    return () => void this.#observers.delete(observer)
  }

  #lookLater(observer: Observer): void {
    if (observer.onLook === undefined) return
    this.#clock.after(OBSERVE_EVERY_MS, () => {
      if (!this.#observers.has(observer)) return
      observer.onLook?.()
      this.#lookLater(observer)
    })
  }

  /** Cut the network: nodes of one group hear each other only; the rest make up one more. */
  split(...groups: readonly (readonly SimNode[])[]): void {
    this.inject({ type: 'split', groups: groups.map((nodes) => nodes.map(({ name }) => name)) })
  }

  /** Every way between nodes is as usual again. */
  heal(): void {
    this.inject({ type: 'heal' })
  }

  /** How what `from` sends to `to` fares now. */
  conditions(from: SimNode, to: SimNode): Conditions {
    return this.#network.conditions(from.host, to.host)
  }

  #directoryOf(membership: WorldOptions['membership'] = 'gossip'): Directory | undefined {
    if (membership === 'gossip') return undefined
    requirePlainObject('membership', membership, "'gossip' or a plain object")
    requireKnown('membership.', membership, ['newsMs', 'detectionMs'])
    requireLatency('membership.newsMs', membership.newsMs)
    requireLatency('membership.detectionMs', membership.detectionMs)
    return new Directory({
      clock: this.#clock,
      network: this.#network,
      random: seededRandom(this.#seed, 'directory'),
      options: membership,
    })
  }

  #tableOf(nodes: number): readonly NodeState[] {
    const beginners = Array.from({ length: nodes }, (_, index) => {
      return { name: `node-${index}`, host: hostOf(index) }
    })
    return commonTable(beginners, this.#options.tags ?? {}, this.#clock.wallMs())
  }

  #lookAgainIn(startMs: Millis, limitMs: Millis): Millis {
    const leftMs = startMs + limitMs - this.nowMs
    if (leftMs > 0) return Math.min(LOOK_EVERY_MS, leftMs)
    const at = (this.nowMs / 1_000).toFixed(3)
    throw new Error(
      `not reached within ${limitMs} ms: seed ${this.#seed}, ${this.#nodes.length} nodes, at ${at} s`,
    )
  }
}

/**
 * What stands between a world and agreement, or `undefined` when every node that is up sees
 * exactly the nodes that are up as alive.
 */
export function disagreement(world: World): string | undefined {
  const up = world.nodes.filter((node) => node.isUp)
  const names = new Set(up.map(({ name }) => name))
  for (const node of up) {
    let alive = 0
    for (const { name, status } of node.members()) {
      if (status !== 'alive') continue
      if (!names.has(name)) return `${node.name} holds ${name} for alive`
      alive++
    }
    if (alive !== up.length) return `${node.name} sees ${alive} of ${up.length} nodes`
  }
  return undefined
}

/** 10.0.0.1 and up; no first or last address of a block of 256. */
function hostOf(index: number): string {
  const block = Math.floor(index / 254)
  return `10.${block >>> 8}.${block & 0xff}.${1 + (index % 254)}`
}

// Time that does not end would keep the machine busy for ever.
function requireDuration(option: string, durationMs: number): void {
  if (Number.isFinite(durationMs) && durationMs >= 0) return
  throw new OptionError(option, 'a finite time, 0 or more', durationMs)
}
