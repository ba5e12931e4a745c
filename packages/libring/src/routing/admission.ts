import type { ForwardMark, Refusal } from './forward-mark.ts'
import { servesHere, type RoutedCluster } from './routed-cluster.ts'

/** What a member does with a request that another one forwarded to it. */
export type Admission =
  | { readonly type: 'serve' }
  /** Look again once the partition has moved. */
  | {
      readonly type: 'wait'
      /** What to say when there is no time left; by default, that nobody serves it. */
      readonly otherwise?: Refused
    }
  | Refused

type Refused = { readonly type: 'refuse' } & Refusal

const SERVE: Admission = Object.freeze({ type: 'serve' })
const WAIT: Admission = Object.freeze({ type: 'wait' })

/**
 * Decide by the partition and the role that are asked for, never by what our own view makes of
 * the key: a member whose view is behind asks for what it believes, and is told better. Whoever
 * is asked never forwards again, so no request goes in circles.
 *
 * Whoever is asked last does not send away what it is to serve next, nor what it could only send to
 * one that has refused: the sender could ask nobody any more, while views agree before long.
 *
 * @param maxHops a request that was forwarded more often is refused.
 */
export function admit(cluster: RoutedCluster, mark: ForwardMark, maxHops: number): Admission {
  const { partition, role, tried, hop } = mark
  if (hop > maxHops) return refuse('hops', undefined)
  if (mark.configuration !== cluster.configurationDigest) return refuse('configuration', undefined)
  if (servesHere(cluster, partition, role)) return SERVE
  const isLast = hop === maxHops
  const primary = cluster.holdersForPartition(partition)[0]?.name
  if (primary !== cluster.localName) {
    const refusal = refuse('not-owner', primary)
    const isNews = primary !== undefined && !tried.includes(primary)
    const mayCome = isLast && !isNews && isInRing(cluster)
    return mayCome ? { type: 'wait', otherwise: refusal } : refusal
  }
  // Whoever serves it still goes on until we have it. One that has sent the request away has
  // begun to let go, so that it will come to us.
  const servedBy = cluster.servedBy(partition)
  if (servedBy === undefined || tried.includes(servedBy) || isLast) return WAIT
  return { ...refuse('not-owner', servedBy), isNext: true }
}

/** Whether anything could come to the local member: to one that drains, nothing does. */
function isInRing({ members, localName }: RoutedCluster): boolean {
  return members.some(({ name }) => name === localName)
}

function refuse(reason: Refusal['reason'], owner: string | undefined): Refused {
  return { type: 'refuse', reason, owner }
}
