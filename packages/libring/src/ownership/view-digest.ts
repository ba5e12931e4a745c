import { compareUtf8, utf8Encode } from '../base/bytes.ts'
import { crc32 } from '../codec/crc32.ts'
import { keyHashName } from '../ring/key-hash.ts'
import type { ResolvedRingOptions } from '../ring/options.ts'
import type { Home } from './acting.ts'
import type { Candidates } from './candidates.ts'
import { configurationText } from './ring-tag.ts'

/**
 * A number for everything that an assignment depends on: two members that show the same number
 * see the same members, up to one chance in 2^32.
 *
 * @param away those that keep their homes though they are not there.
 */
export function viewDigest(
  candidates: Candidates,
  away: readonly Home[],
  options: ResolvedRingOptions,
): number {
  const present = candidates.all().map(({ member, bystander, tag }) => {
    const { name, weight, zone } = (member ?? bystander)!
    const part = member === undefined ? 'none' : 'member'
    return [name, weight, zone, part, tag?.standing, tag && configurationText(tag.configuration)]
  })
  const absent = away.map(({ name, weight, zone }) => [name, weight, zone, 'away'])
  // A member that is about to go may be among both.
  const lines = [...present, ...absent].map((line) => JSON.stringify(line)).sort(compareUtf8)
  const { partitions, redundancy, assignment, slack, primarySlack, keyHash } = options
  const rules = [partitions, redundancy, assignment, slack, primarySlack, keyHashName(keyHash)]
  return crc32(utf8Encode(JSON.stringify([rules, lines])))
}

/** A number for what a number of a partition means: how many there are, and how keys are hashed. */
export function spaceDigest({ partitions, keyHash }: ResolvedRingOptions): number {
  return crc32(utf8Encode(JSON.stringify([partitions, keyHashName(keyHash)])))
}
