import type { ForwardMark, Refusal } from './forward-mark.ts'
import { servesHere, type RoutedCluster } from './routed-cluster.ts'

/** What a member does with a request that another one forwarded to it. */
export type Admission =
  | { readonly type: 'serve' }
  /** We are about to serve it: look again once the partition has moved. */
  | { readonly type: 'wait' }
  | ({ readonly type: 'refuse' } & Refusal)

type Refused = Extract<Admission, { readonly type: 'refuse' }>

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
  if (primary !== cluster.localName) return refuse('not-owner', primary)
  // Whoever serves it still goes on until we have it. One that has sent the request away has
  // begun to let go, so that it will come to us.
  const servedBy = cluster.servedBy(partition)
  if (servedBy === undefined || tried.includes(servedBy)) return WAIT
  return { ...refuse('not-owner', servedBy), isNext: true }
}

function refuse(reason: Refusal['reason'], owner: string | undefined): Refused {
  return { type: 'refuse', reason, owner }
}
