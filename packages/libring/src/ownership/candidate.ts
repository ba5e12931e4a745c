import { murmur3Text } from '../ring/murmur3.ts'
import type { Home } from './acting.ts'
import { sameClusterMember, type ClusterMember } from './cluster-member.ts'
import { configurationText, type RingTag } from './ring-tag.ts'

/** A member that may take part, as it was told of last. */
export interface Candidate {
  /** Its record when it takes part, as far as its status and tags go. */
  readonly member: ClusterMember | undefined
  /** Its record when it is there and takes no part, but may still hold something. */
  readonly bystander: ClusterMember | undefined
  readonly tag: RingTag | undefined
  /** A hash of all of it that an assignment depends on, signed and of 32 bits. */
  readonly hash: number
}

/** Of each record the candidate that was made of it last: where records are shared, so are they. */
const MADE = new WeakMap<ClusterMember, Candidate>()

/** `undefined` of one that is not there. */
export function candidateOf(
  member: ClusterMember | undefined,
  bystander: ClusterMember | undefined,
  tag: RingTag | undefined,
): Candidate | undefined {
  const record = member ?? bystander
  if (record === undefined) return undefined
  const known = MADE.get(record)
  // The tag is one of the tags that the record has.
  if (known !== undefined && known.member === member && known.tag === tag) return known
  const part = member === undefined ? 'none' : 'member'
  const configuration = tag && configurationText(tag.configuration)
  const hash = homeHash(record, [part, tag?.standing, configuration])
  const candidate = Object.freeze({ member, bystander, tag, hash })
  MADE.set(record, candidate)
  return candidate
}

export function sameCandidate(left: Candidate, right: Candidate): boolean {
  return (
    left === right ||
    (sameRecord(left.member, right.member) && sameRecord(left.bystander, right.bystander))
  )
}

/** A hash of who it is, with what it is besides. */
export function homeHash({ name, weight, zone }: Home, more: readonly unknown[]): number {
  return murmur3Text(JSON.stringify([name, weight, zone, ...more]))
}

function sameRecord(left: ClusterMember | undefined, right: ClusterMember | undefined): boolean {
  if (left === undefined || right === undefined) return left === right
  return sameClusterMember(left, right)
}
