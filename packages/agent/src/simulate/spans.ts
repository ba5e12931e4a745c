/** How much of everything is measured. */
export interface Spans {
  /** Whether the cluster is also seen to come together from nothing. */
  readonly forming: boolean
  /** Virtual time at rest in which traffic is counted. */
  readonly restMs: number
  /** Members taken away, one after the other. */
  readonly crashes: number
  /** Longest wait for news to be everywhere, in virtual time. */
  readonly newsLimitMs: number
  /** Longest wait for everybody to hear of a failure, in virtual time. */
  readonly detectionLimitMs: number
}

/** From here on, everybody's news to everybody takes minutes of the machine's time. */
const FORMING_NODES_MAX = 100

/** Of all members together: what a machine goes through in some ten seconds. */
const REST_NODE_MS = 10_000_000
const REST_MS = [10_000, 300_000] as const

const CRASHES_MAX = 5
const CRASHED_NODES = 300

/** Chosen so that a thousand members take less than a minute. */
export function spansFor(nodes: number): Spans {
  const [least, most] = REST_MS
  const crashes = Math.min(CRASHES_MAX, nodes / 4, CRASHED_NODES / nodes)
  return {
    forming: nodes <= FORMING_NODES_MAX,
    restMs: Math.min(most, Math.max(least, Math.round(REST_NODE_MS / nodes))),
    crashes: Math.max(1, Math.floor(crashes)),
    newsLimitMs: 15_000,
    detectionLimitMs: 300_000,
  }
}
