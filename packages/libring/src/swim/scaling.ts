import type { Millis } from '../base/time.ts'

/** Below this many members push/pulls are not slowed. */
const PUSH_PULL_THRESHOLD = 32

/**
 * How often one broadcast is handed out before it is dropped: `mult * ceil(log10(members + 1))`.
 *
 * @see SWIM section 4.1; memberlist util.go `retransmitLimit`.
 */
export function retransmitLimit(mult: number, members: number): number {
  return mult * Math.ceil(Math.log10(members + 1))
}

/**
 * The push/pull interval, stretched by the doublings beyond 32 members, so that the load of
 * full exchanges grows with the logarithm of the cluster.
 *
 * @see memberlist util.go `pushPullScale`.
 */
export function scaledPushPullMs(intervalMs: Millis, members: number): Millis {
  if (members <= PUSH_PULL_THRESHOLD) return intervalMs
  return intervalMs * (Math.ceil(Math.log2(members) - Math.log2(PUSH_PULL_THRESHOLD)) + 1)
}
