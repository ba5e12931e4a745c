import type { Millis } from '../base/time.ts'
import type { LocalRole } from '../cluster/explanation.ts'
import type { Held } from '../cluster/held.ts'
import type { MoveWaitOptions } from '../cluster/moves.ts'
import type { ClusterMember } from '../ownership/cluster-member.ts'
import type { Key } from '../ring/key-hash.ts'

/** What routing has to know of a cluster. */
export interface RoutedCluster {
  readonly localName: string
  /** The same on members of the same configuration. */
  readonly configurationDigest: string
  /** The members of the ring. */
  readonly members: readonly ClusterMember[]
  partitionForKey(key: Key): number
  holdersForPartition(partition: number): readonly ClusterMember[]
  memberNamed(name: string): ClusterMember | undefined
  localRole(partition: number): LocalRole | undefined
  held(partition: number): Held | undefined
  servedBy(partition: number): string | undefined
  whenMoved(partition: number, options: MoveWaitOptions): Promise<Millis>
}

/** Whom a request is for: the acting primary, or whoever holds a copy, which is for reads. */
export type RoleAsked = 'primary' | 'holder'

/** Whether the local member serves the partition at this moment, in the role asked for. */
export function servesHere(cluster: RoutedCluster, partition: number, role: RoleAsked): boolean {
  const local = cluster.localRole(partition)
  if (local?.isReady !== true) return false
  // A process that was stopped holds nothing, though no step has told it so yet.
  if (local.replica === 0) return cluster.held(partition)?.valid === true
  return role === 'holder'
}
