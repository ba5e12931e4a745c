import { LIBRING_TAG, type Member } from '../base/member.ts'
import { sample, type Random } from '../base/random.ts'
import type { Route } from './peer-calls.ts'

/** Members that are turned to at once where any of them will do. */
const OTHERS_MAX = 3

export function isPresent({ status }: Member): boolean {
  return status === 'alive' || status === 'leaving'
}

export function presentNames(members: readonly Member[]): string[] {
  return members.filter(isPresent).map(({ name }) => name)
}

/** Plain agents would close a stream of ours, so they are not bothered with one. */
export function routeTo(member: Member | undefined): Route {
  if (member === undefined) return { reason: 'there is no such member' }
  if (!isPresent(member)) return { reason: `the member has ${member.status}` }
  if (!Object.hasOwn(member.tags, LIBRING_TAG)) return { reason: 'the member is not of libring' }
  return { address: { host: member.host, port: member.port } }
}

/**
 * A few random ones of other members. Those that failed are turned to only for want of present
 * ones: it may be we who were away.
 */
export function someOf(others: readonly Member[], random: Random): readonly Member[] {
  const present = sample(others, OTHERS_MAX, random, isPresent)
  const missing = OTHERS_MAX - present.length
  return [...present, ...sample(others, missing, random, ({ status }) => status === 'failed')]
}
