import { isWellFormed, utf8Decode } from '../base/bytes.ts'
import { OptionError } from '../base/errors.ts'
import { requirePlainObject } from '../base/require.ts'
import { mapCount, takeNil } from '../codec/msgpack-forms.ts'
import { bytes, encode, text, textMap } from '../codec/msgpack.ts'
import { Reader } from '../codec/reader.ts'

/** Most bytes of meta that a member may have, as memberlist has it. */
export const META_BYTES_MAX = 512

/** Stands before the map. Meta without it is the bare role of a member from before there were tags. */
const MAGIC = 0xff

/** Of a map within 512 bytes; only what is written needs no limit of its own. */
const TAGS = textMap(text, META_BYTES_MAX)

/** Tags by name. The empty name and the empty value are allowed, as in Serf. */
export type Tags = Readonly<Record<string, string>>

/** Tags as a member's meta. The same tags give the same bytes, whatever their order. */
export function encodeTags(tags: Tags): Uint8Array {
  return encode(TAGS, new Map(Object.entries(tags)), MAGIC)
}

/**
 * The tags in a member's meta. Where it breaks off, those before; a tag that is not UTF-8 is
 * left out. Never throws.
 *
 * @see serf serf.go `decodeTags`.
 */
export function decodeTags(meta: Uint8Array): Tags {
  if (meta[0] !== MAGIC) {
    const role = utf8Decode(meta)
    return role === undefined ? {} : { role }
  }
  const reader = new Reader(meta, 1)
  if (takeNil(reader)) return {}
  const count = mapCount(reader, reader.uint8()) ?? 0
  const pairs: [string, string][] = []
  for (let i = 0; i < count; i++) {
    const key = utf8Decode(bytes.read(reader))
    const value = utf8Decode(bytes.read(reader))
    if (reader.fault !== undefined) break
    if (key !== undefined && value !== undefined) pairs.push([key, value])
  }
  return Object.fromEntries(pairs)
}

/**
 * @param option path of the option, for the error.
 * @throws {OptionError} unless `tags` are text by text and fit into a member's meta.
 */
export function requireTags(option: string, tags: unknown): asserts tags is Tags {
  requirePlainObject(option, tags, 'a plain object of text by text')
  for (const [name, value] of Object.entries(tags)) {
    // Others would get a lone surrogate as U+FFFD, and see another tag than we do.
    if (!isWellFormed(name)) throw new OptionError(option, 'without ill-formed names', name)
    if (typeof value !== 'string' || !isWellFormed(value)) {
      throw new OptionError(`${option}.${name}`, 'well-formed text', value)
    }
  }
  const { length } = encodeTags(tags as Tags)
  if (length <= META_BYTES_MAX) return
  throw new OptionError(option, `at most ${META_BYTES_MAX} bytes when encoded`, length)
}
