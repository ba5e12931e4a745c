import { OptionError } from '../base/errors.ts'
import type { Member } from '../base/member.ts'
import { requirePlainObject } from '../base/require.ts'

/** Which members take part in the ring, by their tags. */
export interface TagFilter {
  matches(tags: Member['tags']): boolean
}

/**
 * A filter on tags. A tag that is absent matches nothing; without any entry every member matches.
 *
 * The expressions are copied, so that `lastIndex` of the caller's objects has no say in who is a
 * member. `y` keeps its meaning: a match at the very beginning.
 *
 * @throws {OptionError} for an entry that is no RegExp, or has an empty tag name.
 */
export function tagFilter(
  option: string,
  watchTags: Readonly<Record<string, RegExp>>,
  mode: 'all' | 'any',
): TagFilter {
  // A RegExp of its own has no entries, and would have everybody match.
  requirePlainObject(option, watchTags, 'a plain object of tag names and RegExps')
  const entries = Object.entries(watchTags).map(([tag, pattern]) => {
    if (tag === '') throw new OptionError(option, 'without an empty tag name', tag)
    if (!(pattern instanceof RegExp)) {
      throw new OptionError(`${option}.${tag}`, 'a RegExp', pattern)
    }
    return { tag, pattern: new RegExp(pattern) }
  })

  function matchesEntry(tags: Member['tags'], { tag, pattern }: (typeof entries)[number]): boolean {
    if (!Object.hasOwn(tags, tag)) return false
    pattern.lastIndex = 0
    return pattern.test(tags[tag]!)
  }

  return {
    matches(tags) {
      if (entries.length === 0) return true
      return mode === 'all'
        ? entries.every((entry) => matchesEntry(tags, entry))
        : entries.some((entry) => matchesEntry(tags, entry))
    },
  }
}
