import { compareUtf8, utf8Encode } from '../base/bytes.ts'
import { crc32 } from '../codec/crc32.ts'
import type { ResolvedRingOptions } from '../ring/options.ts'
import type { ClusterMember } from './cluster-member.ts'

/**
 * A number for everything that an assignment depends on: two members that show the same number
 * see the same members, up to one chance in 2^32.
 *
 * @param bystanders members that take no part but may still hold something.
 */
export function viewDigest(
  members: readonly ClusterMember[],
  bystanders: readonly ClusterMember[],
  options: ResolvedRingOptions,
): number {
  const lines = [
    ...members.map(({ name, weight, zone }) => [name, weight, zone]),
    ...bystanders.map(({ name }) => [name]),
  ].sort(([left], [right]) => compareUtf8(String(left), String(right)))
  const { partitions, redundancy, assignment, slack, primarySlack, keyHash } = options
  const rules = [partitions, redundancy, assignment, slack, primarySlack, keyHash]
  return crc32(utf8Encode(JSON.stringify([rules, lines])))
}
