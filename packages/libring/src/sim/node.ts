import { invariant } from '../base/errors.ts'
import type { Member } from '../base/member.ts'
import type { Millis } from '../base/time.ts'
import type { Cluster, StopOptions } from '../cluster/cluster.ts'
import { requireDrainOptions, type DrainOptions } from '../cluster/drain.ts'
import type { OwnershipEvent } from '../ownership/event.ts'
import type { Handled } from '../cluster/handlers.ts'
import type { Outcome } from '../cluster/invoke.ts'
import { GossipNode } from '../gossip/gossip-node.ts'
import type { Clock } from '../ports/clock.ts'
import type { SimProcess } from './process.ts'
import { createClusters, type SimClusterOptions } from './clusters.ts'
import { beginLife, type Life, type SimNodeOptions, type Surroundings } from './life.ts'
import type { NodeState } from '../wire/messages.ts'
import type { TraceKind } from './trace.ts'

/**
 * What runs on the nodes of a world: the options of a cluster, or what they are for a node, asked
 * at each of its starts. A list makes several rings over one gossip node.
 */
export type SimClusters =
  SimClusterOptions | ((node: SimNode) => SimClusterOptions | readonly SimClusterOptions[])

/** Hears of the processes of nodes, in line. Nothing may be done to the world within these calls. */
export interface NodeObserver {
  /** A process of the node begins. Its clusters are there and have done nothing yet. */
  onBegin?(node: SimNode): void
  /** The process is over: crashed, or stopped in order. */
  onEnd?(node: SimNode): void
  /** A handler begins to deal with a step. */
  onHandler?(node: SimNode, event: Handled<OwnershipEvent>): void
  /** It is done. */
  onHandled?(node: SimNode, event: Handled<OwnershipEvent>, outcome: Outcome): void
}

/** What a node is when it is started. */
interface NodeSetup {
  readonly name: string
  readonly host: string
  readonly options: SimNodeOptions
  readonly clusters: SimClusters
  /** Whom it knows in its first life, from the start. */
  readonly known: readonly NodeState[]
  /** Those who watch, whoever they are at the time. */
  readonly observers: Iterable<NodeObserver>
}

/** What may be different about a node when it is started again. */
export interface NodeChanges {
  /** Another address than before. */
  readonly host?: string
  /** Those that are new. */
  readonly options?: SimNodeOptions
}

/** One process of the world, through all its lives. */
export class SimNode {
  readonly name: string
  readonly #surroundings: Surroundings
  readonly #clusters: SimClusters
  readonly #observers: Iterable<NodeObserver>
  #host: string
  #options: SimNodeOptions
  #lives = 0
  #life: Life | undefined
  #skewMs: Millis = 0
  #isUp = false
  #farewell: 'stop' | 'drain' | undefined

  constructor(setup: NodeSetup, surroundings: Surroundings) {
    const { name, host, options, clusters, observers } = setup
    this.name = name
    this.#host = host
    this.#options = options
    this.#clusters = clusters
    this.#observers = observers
    this.#surroundings = surroundings
    this.#begin(setup.known)
  }

  /** Its IP address in the world. */
  get host(): string {
    return this.#host
  }

  /** False from a crash, or the end of an orderly stop, to the restart. */
  get isUp(): boolean {
    return this.#isUp
  }

  /** Whether it is up, but nothing of it runs. */
  get isPaused(): boolean {
    return this.#isUp && this.#current.owner.isPaused
  }

  /** How its process is ending, or has ended, in order. A drain whose time is over is a stop. */
  get farewell(): 'stop' | 'drain' | undefined {
    return this.#farewell
  }

  /** How far its wall clock is ahead of the world's. */
  get skewMs(): Millis {
    return this.#skewMs
  }

  /** Time as this process knows it. What it is asked for comes late while the node is paused. */
  get clock(): Clock {
    return this.#current.owner
  }

  /** The real thing: the node of the process that runs now, or ran last. */
  get gossip(): GossipNode {
    const { membership } = this.#current
    invariant(membership instanceof GossipNode, 'the members of this world gossip')
    return membership
  }

  /** The clusters of the process that runs now, or ran last, in the order of the options. */
  get clusters(): readonly Cluster[] {
    return this.#current.clusters
  }

  /** The first of its clusters, for worlds whose nodes have one. */
  get cluster(): Cluster {
    const [cluster] = this.clusters
    invariant(cluster !== undefined, 'the world was made with a cluster')
    return cluster
  }

  /** How long this process may be silent, as things are, before another declares it dead. */
  deathAfterMs(): Millis {
    return this.#current.membership.deathAfterMs()
  }

  members(): readonly Member[] {
    return this.#current.membership.members()
  }

  /** Resolves once so much virtual time has passed, and the process runs. Never after a crash. */
  sleep(durationMs: Millis): Promise<void> {
    const { clock } = this
    return new Promise((resolve) => void clock.at(clock.nowMs() + durationMs, resolve))
  }

  /** Say farewell. It listens on, as a process does that has not ended yet. */
  leave(): void {
    // A farewell that nobody heard is a fact of the simulation like any other.
    this.#current.membership.leave().catch(() => {})
  }

  /**
   * Stop its clusters and say farewell, then end. Resolves when it is down. That takes virtual
   * time and promises, so let the world {@link World.run} meanwhile.
   */
  async stop(options: StopOptions = {}): Promise<void> {
    await this.#end('stop', (cluster) => cluster.stop(options))
  }

  /** As {@link SimNode.stop}, but clusters hand over what they hold before they stop. */
  async drain(options: DrainOptions = {}): Promise<void> {
    const { timeoutMs } = requireDrainOptions(options)
    const { clock } = this
    const life = this.#current
    const timer = clock.at(clock.nowMs() + timeoutMs, () => {
      if (life === this.#life && this.#farewell === 'drain') this.#farewell = 'stop'
    })
    await this.#end('drain', (cluster) => cluster.drain(options))
    timer.cancel()
  }

  /** Vanish without a word, in mid-sentence if need be. */
  crash(): void {
    if (!this.#isUp) return
    this.#isUp = false
    this.#record('crash', '')
    this.#current.vanish()
    for (const observer of this.#observers) observer.onEnd?.(this)
  }

  /** Run again under the same name, having forgotten everything. Crashes first if it is up. */
  restart(changes: NodeChanges = {}): void {
    this.crash()
    this.#host = changes.host ?? this.#host
    this.#options = { ...this.#options, ...changes.options }
    this.#begin([])
  }

  /** Nothing of the process runs until it is resumed; what comes for it waits. */
  pause(): void {
    if (!this.#isUp || this.isPaused) return
    this.#current.owner.pause()
    this.#record('pause', '')
  }

  resume(): void {
    if (!this.isPaused) return
    this.#current.owner.resume()
    this.#record('resume', '')
  }

  /** Set its wall clock. A machine keeps that through all lives of its process. */
  skew(skewMs: Millis): void {
    this.#skewMs = skewMs
    this.#current.owner.skew(skewMs)
    this.#record('skew', ` ${skewMs}`)
  }

  get #current(): Life {
    invariant(this.#life !== undefined, 'a node of the world has been started')
    return this.#life
  }

  async #end(how: 'stop' | 'drain', stop: (cluster: Cluster) => Promise<void>): Promise<void> {
    const life = this.#current
    this.#farewell = how
    this.#record(how, '')
    await Promise.all(life.clusters.map(stop))
    await life.membership.leave().catch(() => {})
    await life.membership.stop()
    if (!this.#isUp || life !== this.#life) return
    this.#isUp = false
    life.owner.end()
    this.#record('stopped', '')
    for (const observer of this.#observers) observer.onEnd?.(this)
  }

  #begin(known: readonly NodeState[]): void {
    const { name } = this
    const host = this.#host
    const identity = { name, host, skewMs: this.#skewMs, lives: this.#lives++, known }
    const begun = beginLife(identity, this.#options, this.#surroundings)
    const { owner, membership } = begun
    membership.subscribe(({ type, members }) => {
      if (!this.#surroundings.trace.isOn) return
      this.#record('member', ` ${type} ${members.map((member) => member.name).join(' ')}`)
    })
    const clusters = createClusters(this.#clusterOptions(), {
      membership,
      clock: owner,
      logger: this.#surroundings.logger,
      sharing: this.#surroundings.sharing,
      record: (kind, rest) => this.#record(kind, rest),
      onHandler: (event) => {
        for (const observer of this.#observersOf(owner)) observer.onHandler?.(this, event)
      },
      onHandled: (event, outcome) => {
        for (const observer of this.#observersOf(owner)) observer.onHandled?.(this, event, outcome)
      },
    })
    this.#record('start', ` ${host}`)
    this.#life = { ...begun, clusters }
    this.#isUp = true
    this.#farewell = undefined
    for (const observer of this.#observers) observer.onBegin?.(this)
    if (clusters.length === 0) void membership.start()
    for (const cluster of clusters) void cluster.start()
    invariant(membership.members().length > 0, 'a simulated node starts within the call')
  }

  /** Nobody sees what is left of a process that is over. */
  #observersOf(owner: SimProcess): Iterable<NodeObserver> {
    return this.#isUp && owner === this.#life?.owner ? this.#observers : []
  }

  #clusterOptions(): readonly SimClusterOptions[] {
    const clusters = this.#clusters
    return [typeof clusters === 'function' ? clusters(this) : clusters].flat()
  }

  #record(kind: TraceKind, rest: string): void {
    this.#surroundings.trace.record(this.#surroundings.clock.nowMs(), kind, this.name + rest)
  }
}
