import { OptionError } from '../base/errors.ts'
import type { Membership } from '../ports/membership.ts'
import type { OwnershipHandlers } from './handlers.ts'
import type { TagFilter } from './watch-tags.ts'

// Over a membership that outlives the program a cluster only watches. Others would give partitions
// to whatever bears the watched tags, and go on doing so when the program is gone; so that is refused
// as soon as it can be known.

const WHY = 'because the agent outlives the program: over one, a cluster only watches'

/** @throws {OptionError} when these are options of a cluster that takes part. */
export function requireObserver(
  options: OwnershipHandlers & { readonly watchTags?: Readonly<Record<string, RegExp>> },
): void {
  for (const handler of ['onAcquire', 'onRelease', 'onChange'] as const) {
    if (options[handler] === undefined) continue
    throw new OptionError(handler, `left out, ${WHY}`, options[handler])
  }
  const { watchTags = {} } = options
  if (Object.keys(watchTags).length > 0) return
  throw new OptionError('watchTags', `given and not match the agent, ${WHY}`, watchTags)
}

/** @throws {OptionError} when an observer's own member would be in the ring. */
export function requireOutside(membership: Membership, filter: TagFilter): void {
  const { localName, isObserver = false } = membership
  const local = membership.members().find(({ name }) => name === localName)
  if (!isObserver || local === undefined || !filter.matches(local.tags)) return
  const rule = `such that the agent ${localName} does not match, ${WHY}`
  throw new OptionError('watchTags', rule, local.tags)
}

/** @throws {OptionError} when an observer's own member would be in the ring with these tags. */
export function requireTagsOutside(
  membership: Membership,
  filter: TagFilter,
  tags: Readonly<Record<string, string>>,
): void {
  if (membership.isObserver !== true || !filter.matches(tags)) return
  throw new OptionError('tags', `such that watchTags do not match, ${WHY}`, tags)
}

/** @throws {OptionError} when there will be nothing to work for. */
export function requireHolder(membership: Membership): void {
  if (membership.isObserver !== true) return
  throw new OptionError('membership', `another to run partitions, ${WHY}`, membership)
}
