import type { Assignment } from './assignment.ts'
import { jumpHash } from './jump-hash.ts'

/**
 * Go libring's `consistent` distribution: the jump hash of the partition's number picks the
 * first member, and the rest follow in the order of their names.
 */
export function assignGoConsistent(
  memberCount: number,
  partitions: number,
  redundancy: number,
): Assignment {
  return rotation(memberCount, partitions, redundancy, (p) => jumpHash(0, p, memberCount))
}

/** Go libring's `uniform` distribution: partitions are dealt out in turn. */
export function assignGoUniform(
  memberCount: number,
  partitions: number,
  redundancy: number,
): Assignment {
  return rotation(memberCount, partitions, redundancy, (p) => p % memberCount)
}

/** Every row is the list of all members, turned so that it starts at `firstOf(partition)`. */
function rotation(
  memberCount: number,
  partitions: number,
  redundancy: number,
  firstOf: (partition: number) => number,
): Assignment {
  const holdersPerPartition = Math.min(redundancy, memberCount)
  const holders = new Uint16Array(partitions * holdersPerPartition)
  for (let at = 0; at < holders.length; at += holdersPerPartition) {
    const first = firstOf(at / holdersPerPartition)
    for (let r = 0; r < holdersPerPartition; r++) holders[at + r] = (first + r) % memberCount
  }
  const preferenceOf = (partition: number): Uint16Array => {
    const first = memberCount === 0 ? 0 : firstOf(partition)
    return Uint16Array.from({ length: memberCount }, (_, r) => (first + r) % memberCount)
  }
  return { partitions, holdersPerPartition, holders, preferenceOf }
}
