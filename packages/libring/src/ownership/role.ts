import type { Ring } from '../ring/ring.ts'
import type { ClusterMember } from './cluster-member.ts'

/** The role of a member that does not hold a partition. */
export const NO_ROLE = -1

/**
 * What one member is to every partition: a replica index, or {@link NO_ROLE}. Index is the
 * partition. Bytes are enough, as redundancy is at most 16.
 */
export type Roles = Int8Array

/** No role towards any of `partitions`. */
export function noRoles(partitions: number): Roles {
  return new Int8Array(partitions).fill(NO_ROLE)
}

/** What `ring` makes of the member called `name`. */
export function rolesOf(name: string, ring: Ring<ClusterMember>): Roles {
  const { partitions, holders, holdersPerPartition } = ring.assignment
  const roles = noRoles(partitions)
  const index = ring.members.findIndex((member) => member.name === name)
  if (index < 0) return roles
  for (let at = 0; at < holders.length; at++) {
    if (holders[at] !== index) continue
    const replica = at % holdersPerPartition
    roles[(at - replica) / holdersPerPartition] = replica
  }
  return roles
}
