import { compareUtf8, isWellFormed } from '../base/bytes.ts'
import { OptionError } from '../base/errors.ts'
import { requireList, requireWhole } from '../base/require.ts'

/** What the ring needs to know of a member. Lookups give back the caller's own objects. */
export interface RingMember {
  /** Unique in the ring; well-formed text. Members are ordered by its UTF-8 bytes. */
  readonly name: string

  /**
   * How much it takes relative to the others. 1 to 65,535.
   *
   * @defaultValue 1
   */
  readonly weight?: number | undefined

  /**
   * Failure domain. Holders of a partition are spread over zones as evenly as they can be.
   *
   * @defaultValue `''`
   */
  readonly zone?: string | undefined
}

/** Most members of one ring: tables hold member indexes in 16 bits. */
export const MEMBERS_MAX = 65_535

const WEIGHT_MAX = 65_535

export function weightOf(member: RingMember): number {
  return member.weight ?? 1
}

export function zoneOf(member: RingMember): string {
  return member.zone ?? ''
}

/**
 * `members` checked, frozen and in the order of the UTF-8 bytes of their names.
 *
 * @throws {OptionError} for a duplicate or ill-formed name, a weight or zone out of range, or
 *   more than {@link MEMBERS_MAX} members.
 */
export function sortMembers<M extends RingMember>(members: readonly M[]): readonly M[] {
  requireList('members', members, 'a list of members')
  if (members.length > MEMBERS_MAX) {
    throw new OptionError('members', `at most ${MEMBERS_MAX} members`, members.length)
  }
  for (const member of members) requireMember(member)
  const sorted = [...members].sort((left, right) => compareUtf8(left.name, right.name))
  for (let i = 1; i < sorted.length; i++) {
    const { name } = sorted[i]!
    if (name === sorted[i - 1]!.name) throw new OptionError('members', 'unique by name', name)
  }
  return Object.freeze(sorted)
}

function requireMember(member: unknown): asserts member is RingMember {
  // Of any class: it is the caller's own.
  if (typeof member !== 'object' || member === null) {
    throw new OptionError('member', 'an object with a name', member)
  }
  const { name, weight, zone } = member as Partial<RingMember>
  requireWellFormed('member.name', name)
  if (weight !== undefined) requireWhole('member.weight', weight, 1, WEIGHT_MAX)
  if (zone !== undefined) requireWellFormed('member.zone', zone)
}

// A lone surrogate has no UTF-8 form of its own: two such names could be one to other members.
function requireWellFormed(option: string, text: unknown): void {
  if (typeof text === 'string' && isWellFormed(text)) return
  throw new OptionError(option, 'a string without lone surrogates', text)
}
