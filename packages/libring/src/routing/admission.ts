import type { Millis } from '../base/time.ts'
import type { ForwardMark, Refusal } from './forward-mark.ts'
import { servesHere, type RoutedCluster } from './routed-cluster.ts'

/** What a member does with a request that another one forwarded to it. */
export type Admission =
  | { readonly type: 'serve' }
  /** We are about to serve it: look again once the partition has moved. */
  | { readonly type: 'wait' }
  /**
   * Whoever we would name has sent it away: one of us is behind. Look again once the partition has
   * moved; refuse it if that takes longer than {@link hesitationMs}.
   */
  | { readonly type: 'hesitate'; readonly refusal: Refusal }
  | ({ readonly type: 'refuse' } & Refusal)

const SERVE: Admission = Object.freeze({ type: 'serve' })
const WAIT: Admission = Object.freeze({ type: 'wait' })

/**
 * Decide by the partition and the role that are asked for, never by what our own view makes of
 * the key: a member whose view is behind asks for what it believes, and is told better. Whoever
 * is asked never forwards again, so no request goes in circles.
 *
 * @param maxHops a request that was forwarded more often is refused.
 */
export function admit(cluster: RoutedCluster, mark: ForwardMark, maxHops: number): Admission {
  const { partition, role, tried } = mark
  if (mark.hop > maxHops) return refuse('hops', undefined)
  if (mark.configuration !== cluster.configurationDigest) return refuse('configuration', undefined)
  if (servesHere(cluster, partition, role)) return SERVE
  const primary = cluster.holdersForPartition(partition)[0]?.name
  if (primary !== cluster.localName) {
    if (primary === undefined || !tried.includes(primary)) return refuse('not-owner', primary)
    return { type: 'hesitate', refusal: { reason: 'not-owner', owner: primary } }
  }
  // Whoever serves it still goes on until we have it. One that has sent the request away has
  // begun to let go, so that it will come to us.
  const servedBy = cluster.servedBy(partition)
  if (servedBy === undefined || tried.includes(servedBy)) return WAIT
  return refuse('not-owner', servedBy)
}

/** So that members that name each other do not use up the hops before one of them has caught up. */
export function hesitationMs(limits: {
  readonly acquireWaitMs: Millis
  readonly maxHops: number
}): Millis {
  return Math.ceil(limits.acquireWaitMs / limits.maxHops)
}

function refuse(reason: Refusal['reason'], owner: string | undefined): Admission {
  return { type: 'refuse', reason, owner }
}
