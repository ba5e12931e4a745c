import type { Member } from '../base/member.ts'

/** A member as a ring sees it: what Serf shows, and what libring reads from its tags. */
export interface ClusterMember extends Member {
  /** Share of the partitions, relative to the other members. 1 to 65,535; 1 where none is given. */
  readonly weight: number
  /** Failure domain; empty where none is given. */
  readonly zone: string
  /** Where it serves requests, without a trailing slash. `undefined` when it does not say. */
  readonly url: string | undefined
}

/** Whether two records of one member say the same. */
export function sameClusterMember(left: ClusterMember, right: ClusterMember): boolean {
  return (
    left === right ||
    (left.name === right.name &&
      left.host === right.host &&
      left.port === right.port &&
      left.status === right.status &&
      left.weight === right.weight &&
      left.zone === right.zone &&
      left.url === right.url &&
      sameTags(left.tags, right.tags))
  )
}

function sameTags(left: Member['tags'], right: Member['tags']): boolean {
  const names = Object.keys(left)
  if (names.length !== Object.keys(right).length) return false
  return names.every((name) => Object.hasOwn(right, name) && left[name] === right[name])
}
