import type { GossipNode } from 'libring/serf'
import type { Reading } from './reading.ts'

/** What is probed of a gossip node; any that shows this will do. */
export type ProbedNode = Pick<GossipNode, 'localName' | 'members' | 'query' | 'status'>

/**
 * The one query that every agent, a stock one too, answers by itself and shows to nobody: `serf
 * reachability` asks it.
 */
const QUERY = '_serf_ping'
/** How often somebody in the cluster asks, in the mean, however many they are. */
const INTERVAL_MS = 60_000
const LONGEST_INTERVAL_MS = 86_400_000

/** The histogram: from within a machine to the end of what a query waits for in a large cluster. */
export const PROPAGATION_SECONDS = {
  name: 'libring_propagation_seconds',
  help: 'From telling all members something until one of them has said that it came, for each of them.',
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20],
} as const

export const PROPAGATION_READINGS: readonly Reading<Propagation>[] = [
  {
    name: 'libring_propagation_probes_total',
    help: 'Times that this node has told all members something, to measure that.',
    type: 'counter',
    read: ({ probes }) => probes,
  },
  {
    name: 'libring_propagation_unheard_total',
    help: 'Members of whom no word came back in time, each time that was so.',
    type: 'counter',
    read: ({ unheard }) => unheard,
  },
]

export interface PropagationOptions {
  readonly node: ProbedNode
  /** Word of one more member came back, so long after all were told. */
  readonly onHeard: (durationMs: number) => void
  /** Of a clock that is never set. */
  readonly nowMs: () => number
  /** @defaultValue `Math.random` */
  readonly fraction?: () => number
}

/**
 * How soon news is everywhere, as far as one node can see: a query goes the way of all news, and each
 * member that it reaches says so at once, in one datagram straight back.
 */
export class Propagation {
  readonly #options: Required<PropagationOptions>
  readonly #stop = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #probes = 0
  #unheard = 0

  constructor(options: PropagationOptions) {
    this.#options = { fraction: Math.random, ...options }
  }

  get probes(): number {
    return this.#probes
  }

  get unheard(): number {
    return this.#unheard
  }

  /** Probe now and then from now on: the more members there are, the more seldom each does. */
  start(): void {
    const { node, fraction } = this.#options
    const members = node.members().filter(({ status }) => status === 'alive').length
    const meanMs = Math.min(INTERVAL_MS * Math.max(1, members), LONGEST_INTERVAL_MS)
    // Not all at the same time where all were started at once.
    this.#timer = setTimeout(() => void this.#next(), meanMs * (0.5 + fraction()))
    this.#timer.unref()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#stop.abort()
  }

  /** Tell everybody, and wait for word of all who are alive. Resolves when the time for that is over. */
  async probe(): Promise<void> {
    const { node, nowMs, onHeard } = this.#options
    const others = node.members().filter(({ name, status }) => {
      return status === 'alive' && name !== node.localName
    })
    if (node.status !== 'alive' || others.length === 0) return
    const silent = new Set(others.map(({ name }) => name))
    this.#probes++
    const startMs = nowMs()
    const asked = node.query(QUERY, undefined, { requestAck: true, signal: this.#stop.signal })
    for await (const { type, from } of asked) {
      if (type === 'ack' && silent.delete(from)) onHeard(nowMs() - startMs)
    }
    this.#unheard += silent.size
  }

  async #next(): Promise<void> {
    // A node that leaves meanwhile measures nothing.
    await this.probe().catch(() => {})
    if (!this.#stop.signal.aborted) this.start()
  }
}
