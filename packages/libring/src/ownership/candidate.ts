import { sameClusterMember, type ClusterMember } from './cluster-member.ts'
import type { RingTag } from './ring-tag.ts'

/** A member that may take part, as it was told of last. */
export interface Candidate {
  /** Its record when it takes part, as far as its status and tags go. */
  readonly member: ClusterMember | undefined
  /** Its record when it is there and takes no part, but may still hold something. */
  readonly bystander: ClusterMember | undefined
  readonly tag: RingTag | undefined
}

export function sameCandidate(left: Candidate, right: Candidate): boolean {
  // The tag is one of the tags that the record has.
  return sameRecord(left.member, right.member) && sameRecord(left.bystander, right.bystander)
}

function sameRecord(left: ClusterMember | undefined, right: ClusterMember | undefined): boolean {
  if (left === undefined || right === undefined) return left === right
  return sameClusterMember(left, right)
}
