import { CLUSTER_NAME, World, type SimNode, type SimNodeOptions } from 'libring/sim'

/** A death that a member was told of. */
export interface Failure {
  readonly observer: SimNode
  readonly member: SimNode
  /** At which the member was held for dead: another incarnation is another death. */
  readonly incarnation: number
  readonly atMs: number
}

interface CrowdOptions {
  readonly nodes: number
  readonly seed: number
  readonly lossRate?: number
  readonly options?: SimNodeOptions
}

/** What everything together has sent so far. */
export interface Sent {
  readonly packets: number
  readonly packetBytes: number
  readonly streams: number
  readonly streamBytes: number
}

/** Members that others join by. */
const DOORS = 3

/** Nodes that gossip and hold nothing, all started in one moment, and what they tell of each other. */
export class Crowd {
  readonly world: World
  readonly #nodes = new Map<string, SimNode>()
  /** By observer, how many others it holds for present. */
  readonly #known = new Map<string, number>()
  readonly #milestones: { readonly pairs: number; readonly reached: (atMs: number) => void }[] = []
  #onFailure: (failure: Failure) => void = () => {}
  #pairs = 0

  constructor({ nodes, seed, lossRate = 0, options = {} }: CrowdOptions) {
    this.world = new World({
      seed,
      nodes: 0,
      lossRate,
      options: { bootstrapHosts: [CLUSTER_NAME], ...options },
      traceLines: 'off',
    })
    this.world.observe({
      onBegin: (node) => this.#listen(node),
      onEnd: ({ name }) => this.#count(name, -this.#knownTo(name)),
    })
    for (let i = 0; i < nodes; i++) this.world.addNode()
    const doors = this.world.nodes.slice(0, DOORS).map(({ host }) => host)
    this.world.names.set(CLUSTER_NAME, doors)
  }

  get up(): readonly SimNode[] {
    return this.world.nodes.filter(({ isUp }) => isUp)
  }

  /** Whether everybody who is up holds as many others for present as are up. */
  get isComplete(): boolean {
    const { length } = this.up
    return this.#pairs === length * (length - 1)
  }

  get sent(): Sent {
    const { datagrams, datagramBytes, streams, streamBytes } = this.world.traffic
    return { packets: datagrams, packetBytes: datagramBytes, streams, streamBytes }
  }

  /** Be told once this part of all pairs know each other, 0 to 1. */
  onKnown(part: number, reached: (atMs: number) => void): void {
    const { length } = this.world.nodes
    this.#milestones.push({ pairs: Math.ceil(part * length * (length - 1)), reached })
  }

  /** Be told of every death that anybody is told of; whoever was to be told of them is not any more. */
  onFailure(listener: (failure: Failure) => void): void {
    this.#onFailure = listener
  }

  #listen(observer: SimNode): void {
    this.#nodes.set(observer.name, observer)
    const { gossip } = observer
    gossip.subscribe(({ type, members }) => {
      for (const { name } of members) {
        if (name === observer.name) continue
        if (type === 'member-join') this.#count(observer.name, 1)
        if (type === 'member-leave') this.#count(observer.name, -1)
        if (type !== 'member-failed') continue
        this.#count(observer.name, -1)
        const member = this.#nodes.get(name)!
        const incarnation = gossip.incarnationOf(name)!
        this.#onFailure({ observer, member, incarnation, atMs: this.world.nowMs })
      }
    })
  }

  #knownTo(name: string): number {
    return this.#known.get(name) ?? 0
  }

  #count(name: string, change: number): void {
    this.#known.set(name, this.#knownTo(name) + change)
    this.#pairs += change
    while (this.#milestones[0] !== undefined && this.#pairs >= this.#milestones[0].pairs) {
      this.#milestones.shift()!.reached(this.world.nowMs)
    }
  }
}
