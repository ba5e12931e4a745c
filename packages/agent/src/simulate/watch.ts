import { CLUSTER_NAME, World, type SimNode, type WorldOptions } from 'libring/sim'
import type { SimulateOptions } from './options.ts'

/** Where newcomers ask, besides the first members. */
const NEWCOMER = { bootstrapHosts: [CLUSTER_NAME] }

/** Hears of what members are told, while somebody listens. */
export interface Told {
  readonly observer: SimNode
  readonly about: string
  readonly atMs: number
}

export type ToldType = 'member-join' | 'member-failed' | 'member-update' | 'user-event'

type Listener = (told: Told) => void

/** A simulated cluster of real nodes that gossip and hold nothing, and what they are told. */
export class Watch {
  readonly world: World
  readonly #listeners = new Map<ToldType, Set<Listener>>()

  /** @param formed whether all members know each other from the start; otherwise all begin at once. */
  constructor({ nodes, lossPercent, latencyMs, profile, seed }: SimulateOptions, formed: boolean) {
    const options: WorldOptions = {
      seed,
      nodes: 0,
      latencyMs: [latencyMs / 2, latencyMs * 1.5],
      lossRate: lossPercent / 100,
      options: { profile, ...(formed ? { bootstrapHosts: [] } : NEWCOMER) },
      traceLines: 'off',
    }
    this.world = new World({ ...options, nodes, formed })
    this.world.observe({ onBegin: (node) => this.#listenTo(node) })
  }

  /** Members that are up. */
  get up(): readonly SimNode[] {
    return this.world.nodes.filter(({ isUp }) => isUp)
  }

  /** One more member, which joins by the first ones. */
  join(): SimNode {
    return this.world.addNode(NEWCOMER)
  }

  /** Hear of everything of one type from now on. Returns how to stop. */
  on(type: ToldType, listener: Listener): () => void {
    const listeners = this.#listeners.get(type) ?? new Set()
    this.#listeners.set(type, listeners.add(listener))
    return () => void listeners.delete(listener)
  }

  #listenTo(observer: SimNode): void {
    const { gossip } = observer
    gossip.subscribe(({ type, members }) => {
      if (type !== 'member-join' && type !== 'member-failed' && type !== 'member-update') return
      for (const { name } of members) this.#tell(type, observer, name)
    })
    gossip.on('user-event', ({ name }) => this.#tell('user-event', observer, name))
  }

  #tell(type: ToldType, observer: SimNode, about: string): void {
    const listeners = this.#listeners.get(type)
    if (listeners === undefined || listeners.size === 0) return
    const told = { observer, about, atMs: this.world.nowMs }
    for (const listener of listeners) listener(told)
  }
}
