import { OptionError } from '../base/errors.ts'
import { encodeRingTags, RINGS_MAX, type RingTag } from '../ownership/ring-tag.ts'
import type { Membership } from '../ports/membership.ts'

interface Tenancy {
  /** Of each cluster, by the name of its ring. */
  readonly tags: Map<string, RingTag>
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
  const known = tenancies.get(membership)
  const tags = known?.tags ?? new Map<string, RingTag>()
  if (tags.has(tag.name)) {
    throw new OptionError('name', 'another than that of a ring on the same node', tag.name)
  }
  if (tags.size >= RINGS_MAX) {
    throw new OptionError('membership', `one with at most ${RINGS_MAX} rings`, tags.size + 1)
  }
  tags.set(tag.name, tag)
  const wasRunning = known?.wasRunning ?? membership.members().length > 0
  tenancies.set(membership, { tags, wasRunning })
}

/**
 * Tell all members what the ring's tag says by now; `undefined` once there is nothing to say.
 *
 * @throws {OptionError} when it has no room beside the tags of the user.
 */
export function announce(
  membership: Membership,
  name: string,
  tag: RingTag | undefined,
): Promise<void> {
  const tags = tenancies.get(membership)?.tags
  if (tag !== undefined) tags?.set(name, tag)
  const told = [...(tags?.values() ?? [])].filter((it) => tag !== undefined || it.name !== name)
  const text = told.length === 0 ? undefined : encodeRingTags(told)
  return membership.ringChannel?.announce(text) ?? Promise.resolve()
}

/** Use it no more. Whether nobody else does, so that it is to be ended. */
export function moveOut(membership: Membership, name: string): 'end it' | 'let it be' {
  const tenancy = tenancies.get(membership)
  if (tenancy === undefined) return 'let it be'
  tenancy.tags.delete(name)
  if (tenancy.tags.size > 0) return 'let it be'
  tenancies.delete(membership)
  return tenancy.wasRunning ? 'let it be' : 'end it'
}
