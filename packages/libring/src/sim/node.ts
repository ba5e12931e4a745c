import { invariant } from '../base/errors.ts'
import type { Member } from '../base/member.ts'
import { seededRandom } from '../base/random.ts'
import { GossipNode } from '../gossip/gossip-node.ts'
import { DEFAULT_GOSSIP_PORT, resolveGossipOptions, type GossipOptions } from '../gossip/options.ts'
import type { Logger } from '../ports/logger.ts'
import { SimCipher } from './cipher.ts'
import type { SimClock } from './clock.ts'
import { SimResolver, type Names } from './names.ts'
import type { SimNetwork, SimTransport } from './network.ts'
import type { Trace } from './trace.ts'

/** What all nodes of a world share. */
export interface Surroundings {
  readonly seed: number
  readonly clock: SimClock
  readonly network: SimNetwork
  readonly names: Names
  readonly trace: Trace
  readonly logger: Logger
}

/** Options of one node. Its name and address are the world's to give. */
export type SimNodeOptions = Omit<GossipOptions, 'hostName' | 'bind' | 'advertise'>

/** One process of the world, through all its lives. */
export class SimNode {
  readonly name: string
  readonly #surroundings: Surroundings
  #host: string
  #options: SimNodeOptions
  #life = 0
  #gossip: GossipNode | undefined
  #transport: SimTransport | undefined
  #isUp = false

  constructor(name: string, host: string, options: SimNodeOptions, surroundings: Surroundings) {
    this.name = name
    this.#host = host
    this.#options = options
    this.#surroundings = surroundings
    this.#begin()
  }

  /** Its IP address in the world. */
  get host(): string {
    return this.#host
  }

  /** False from a crash to the restart. */
  get isUp(): boolean {
    return this.#isUp
  }

  /** The real thing: the node of the process that runs now, or ran last. */
  get gossip(): GossipNode {
    invariant(this.#gossip !== undefined, 'a node of the world has been started')
    return this.#gossip
  }

  members(): readonly Member[] {
    return this.gossip.members()
  }

  /** Say farewell. It listens on, as a process does that has not ended yet. */
  leave(): void {
    // A farewell that nobody heard is a fact of the simulation like any other.
    this.gossip.leave().catch(() => {})
  }

  /** Vanish without a word, in mid-sentence if need be. */
  crash(): void {
    if (!this.#isUp) return
    this.#isUp = false
    this.#record('crash', '')
    this.#transport?.vanish()
    void this.gossip.stop()
  }

  /**
   * Run again under the same name, having forgotten everything. Crashes first if it is up.
   *
   * @param changes.host another address than before. {options} those that are new.
   */
  restart(changes: { readonly host?: string; readonly options?: SimNodeOptions } = {}): void {
    this.crash()
    this.#host = changes.host ?? this.#host
    this.#options = { ...this.#options, ...changes.options }
    this.#begin()
  }

  #begin(): void {
    const { seed, clock, network, names, logger } = this.#surroundings
    const life = `${this.name}/${this.#life++}`
    const bind = { host: this.#host, port: DEFAULT_GOSSIP_PORT }
    const options = resolveGossipOptions(
      { ...this.#options, hostName: this.name, bind: this.#host },
      { hostName: () => this.name, advertiseHost: () => this.#host },
    )
    const transport = network.transport(bind, seededRandom(seed, `network/${life}`))
    const gossip = new GossipNode({
      options,
      transport,
      clock,
      random: seededRandom(seed, life),
      resolver: new SimResolver(names, clock, seededRandom(seed, `names/${life}`)),
      cipher: new SimCipher(seededRandom(seed, `cipher/${life}`)),
      logger,
    })
    gossip.subscribe(({ type, members }) => {
      this.#record('member', ` ${type} ${members.map(({ name }) => name).join(' ')}`)
    })
    this.#record('start', ` ${this.#host}`)
    this.#gossip = gossip
    this.#transport = transport
    this.#isUp = true
    void gossip.start()
    invariant(gossip.status === 'alive', 'a simulated node starts within the call')
  }

  #record(kind: 'start' | 'crash' | 'member', rest: string): void {
    this.#surroundings.trace.record(this.#surroundings.clock.nowMs(), kind, this.name + rest)
  }
}
