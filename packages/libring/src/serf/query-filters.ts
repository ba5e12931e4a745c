import { encode, decode, list, struct, text } from '../codec/msgpack.ts'
import { Pattern } from '../pattern/pattern.ts'
import type { Tags } from './tags.ts'

/** First byte of a filter. */
const FilterType = { nodes: 0, tag: 1 } as const

/** Most names in one filter; a packet has room for no more. */
const NAMES_MAX = 65_536

/** Most instructions that the patterns of one query may have together. */
const SIZE_MAX = 4_096

const NODES = list(text, NAMES_MAX)
const TAG = struct({ Tag: text, Expr: text })

/** Taking a pattern apart costs about as much for each of its characters. */
const STEPS_PER_CHARACTER = 100

/** Who is meant: all of it has to match. */
export interface QueryFilters {
  /** One of these names. */
  readonly nodes?: readonly string[]
  /** By tag, what its value has to match, in the syntax of RE2. A missing tag is empty. */
  readonly tags?: Readonly<Record<string, string>>
}

export function encodeFilters({ nodes = [], tags = {} }: QueryFilters): Uint8Array[] {
  const byTag = Object.entries(tags).map(([Tag, Expr]) =>
    encode(TAG, { Tag, Expr }, FilterType.tag),
  )
  return nodes.length === 0 ? byTag : [encode(NODES, nodes, FilterType.nodes), ...byTag]
}

/** `refused`: there is a filter that is none, or that would take too long. */
export type FilterVerdict = 'meant' | 'not-meant' | 'refused'

/**
 * Whether a member is meant. Never throws.
 *
 * @param mayTake asked before each piece of work, with the most steps that it may take.
 * @see serf query.go `shouldProcessQuery`.
 */
export function judgeFilters(
  filters: readonly Uint8Array[],
  { name, tags }: { readonly name: string; readonly tags: Tags },
  mayTake: (steps: number) => boolean,
): FilterVerdict {
  let size = 0
  for (const filter of filters) {
    if (filter[0] === FilterType.nodes) {
      const decoded = decode(NODES, filter, 1)
      if (decoded.fault !== undefined) return 'refused'
      if (!decoded.value.includes(name)) return 'not-meant'
      continue
    }
    if (filter[0] !== FilterType.tag) return 'refused'
    const decoded = decode(TAG, filter, 1)
    if (decoded.fault !== undefined) return 'refused'
    const { Tag, Expr } = decoded.value
    if (!mayTake(Expr.length * STEPS_PER_CHARACTER)) return 'refused'
    const pattern = Pattern.parse(Expr)
    if (pattern === undefined) return 'refused'
    size += pattern.size
    const tag = Object.hasOwn(tags, Tag) ? tags[Tag]! : ''
    if (size > SIZE_MAX || !mayTake(pattern.stepsPerCharacter * (tag.length + 1))) return 'refused'
    if (!pattern.matches(tag)) return 'not-meant'
  }
  return 'meant'
}
