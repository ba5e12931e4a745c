import { OptionError } from '../base/errors.ts'
import { encodeRingTags, RINGS_MAX, type RingTag } from '../ownership/ring-tag.ts'
import type { Membership } from '../ports/membership.ts'

interface Tenancy {
  /** What is told of each ring, by its name. */
  readonly tags: Map<string, RingTag>
  /** Names of those that a cluster runs. Of the others it is told that they will be back. */
  readonly present: Set<string>
  /** Whether it ran before any cluster began to use it, so that somebody else will end it. */
  readonly wasRunning: boolean
}

// One membership may carry several clusters that do not know each other.
const tenancies = new WeakMap<Membership, Tenancy>()

/**
 * Begin to use a membership. Before starting it.
 *
 * @throws {OptionError} when another cluster has a ring of that name on it, or too many are there.
 */
export function moveIn(membership: Membership, tag: RingTag): void {
  const tenancy = tenancies.get(membership) ?? {
    tags: new Map<string, RingTag>(),
    present: new Set<string>(),
    wasRunning: membership.members().length > 0,
  }
  const { tags, present } = tenancy
  if (present.has(tag.name)) {
    throw new OptionError('name', 'another than that of a ring on the same node', tag.name)
  }
  if (present.size >= RINGS_MAX) {
    throw new OptionError('membership', `one with at most ${RINGS_MAX} rings`, present.size + 1)
  }
  tags.delete(tag.name)
  for (const name of tags.keys()) {
    if (tags.size < RINGS_MAX) break
    if (!present.has(name)) tags.delete(name)
  }
  tags.set(tag.name, tag)
  present.add(tag.name)
  tenancies.set(membership, tenancy)
}

/**
 * Say this of the ring from now on. Resolves once all members have heard, or could not in time.
 *
 * @throws {OptionError} when it has no room beside the tags of the user.
 */
export function announce(membership: Membership, tag: RingTag): Promise<void> {
  tenancies.get(membership)?.tags.set(tag.name, tag)
  return tell(membership)
}

/**
 * Use it no more. Whether nobody else does, so that it is to be ended.
 *
 * @param last what to say of the ring as long as the membership lasts; nothing, if `undefined`.
 */
export function moveOut(
  membership: Membership,
  name: string,
  last: RingTag | undefined,
): 'end it' | 'let it be' {
  const tenancy = tenancies.get(membership)
  if (tenancy === undefined) return 'let it be'
  const { tags, present, wasRunning } = tenancy
  present.delete(name)
  tags.delete(name)
  if (present.size === 0 && !wasRunning) {
    tenancies.delete(membership)
    return 'end it'
  }
  if (last !== undefined) tags.set(name, last)
  return 'let it be'
}

/** Tell all members of every ring. */
export function tell(membership: Membership): Promise<void> {
  const tags = [...(tenancies.get(membership)?.tags.values() ?? [])]
  const text = tags.length === 0 ? undefined : encodeRingTags(tags)
  return membership.ringChannel?.announce(text) ?? Promise.resolve()
}
