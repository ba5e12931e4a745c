import { CLUSTER_NAME, World, type SimNode } from 'libring/sim'
import { Watch } from './watch.ts'

/** How members learn of each other. */
export type Membership = 'told' | 'gossip'

export const PARTITIONS = 4_096
export const REDUNDANCY = 3

/** What happens to the members, in turn. */
export const KINDS = ['join', 'drain', 'crash', 'restart'] as const
export type Kind = (typeof KINDS)[number]

/** Members that others join by. */
const DOORS = 3

/** Processes do not all start in the same moment. */
const START_EVERY_MS = 10

/** Promises settle so often, in virtual time: draining takes some. */
const TURN_EVERY_MS = 50

/** Without gossip: until a member hears of a change, and until one that vanished is held for failed. */
const TOLD = { newsMs: [10, 300], detectionMs: [2_000, 4_000] } as const

/** A simulated cluster that things happen to, and who watches it. */
export class Town {
  readonly world: World
  readonly watch: Watch
  readonly membership: Membership
  readonly #members: number
  #lots: number
  #gone: SimNode | undefined

  constructor(members: number, membership: Membership, seed: number) {
    this.#lots = seed
    this.membership = membership
    this.world = new World({
      seed,
      nodes: 0,
      membership: membership === 'told' ? TOLD : 'gossip',
      traceLines: 'off',
      cluster: {
        partitions: PARTITIONS,
        redundancy: REDUNDANCY,
        minMembers: members,
        answers: () => ({ afterMs: 20 }),
      },
    })
    this.#members = members
    this.watch = new Watch(this.world, PARTITIONS, REDUNDANCY)
  }

  get up(): readonly SimNode[] {
    return this.world.nodes.filter(({ isUp }) => isUp)
  }

  /** Start all members, one after the other. Nothing is held before all are there. */
  async open(): Promise<void> {
    for (let started = 0; started < this.#members; started++) {
      this.world.addNode()
      // Whoever starts again has to find somebody other than itself.
      const doors = this.world.nodes.slice(0, DOORS).map(({ host }) => host)
      this.world.names.set(CLUSTER_NAME, doors)
      await this.pass(START_EVERY_MS)
    }
  }

  async pass(durationMs: number): Promise<void> {
    const endMs = this.world.nowMs + durationMs
    while (this.world.nowMs < endMs) {
      this.world.runFor(Math.min(TURN_EVERY_MS, endMs - this.world.nowMs))
      await this.world.run(0)
    }
  }

  /** Of restarts, every other one is of a member that is not missed; else the last to crash is back. */
  change(kind: Kind): void {
    switch (kind) {
      case 'join':
        this.world.addNode()
        break
      case 'drain':
        void this.#anybody().drain()
        break
      case 'crash':
        this.#gone = this.#anybody()
        this.#gone.crash()
        break
      case 'restart':
        ;(this.#draw(2) === 0 ? this.#anybody() : (this.#gone ?? this.#anybody())).restart()
        this.#gone = undefined
        break
    }
  }

  #anybody(): SimNode {
    const { up } = this
    return up[this.#draw(up.length)]!
  }

  /** A whole number below `limit`: mulberry32. */
  #draw(limit: number): number {
    this.#lots = (this.#lots + 0x6d2b_79f5) | 0
    let word = Math.imul(this.#lots ^ (this.#lots >>> 15), 1 | this.#lots)
    word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word
    return ((word ^ (word >>> 14)) >>> 0) % limit
  }
}
