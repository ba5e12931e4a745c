import { crc32 } from '../codec/crc32.ts'
import { utf8Encode } from '../base/bytes.ts'
import { keyHashName } from '../ring/key-hash.ts'
import type { AssignmentName, ResolvedRingOptions } from '../ring/options.ts'

// What a member says of the rings it knows, in clear, in the tag `libring`. One ring:
//
//   1 , jobs , s , 512 , 3 , b1 , 50 , 100 , murmur3 , 1a2b3c4d
//   |   |      |   |     |   |    |    |     |         CRC-32 of what else has to agree
//   |   |      |   |     |   |    |    |     key hash
//   |   |      |   |     |   |    slack, primary slack
//   |   |      |   |     |   assignment and its version
//   |   |      |   partitions, redundancy
//   |   |      state: f forming, s serving, d draining, r returning, a away; o of a router
//   |   name of the ring: 1 to 12 letters, digits, `_` or `-`
//   version of this form
//
// At most 64 bytes; up to 8 rings, joined by a semicolon.

/** Most rings that one tag tells of. */
export const RINGS_MAX = 8

const FORM = '1'

/** What all members of one ring have to agree on. Compared as a whole. */
export interface RingConfiguration {
  readonly partitions: number
  readonly redundancy: number
  /** Name of the assignment and version of its algorithm, such as `balanced 1`. */
  readonly assignment: string
  /** Permille. */
  readonly slack: number
  /** Permille. */
  readonly primarySlack: number
  readonly keyHash: string
  /** CRC-32, in 8 digits, of all else: tag names, what is watched, grace, mode. */
  readonly rest: string
}

/**
 * `router` for one that takes no part. Of a member: `forming` as long as it waits for `minMembers`,
 * then what it is about to do; `away` once it has stopped to return, on a node that goes on.
 */
export type RingStanding = 'forming' | 'serving' | 'draining' | 'returning' | 'away' | 'router'

export interface RingTag {
  readonly name: string
  readonly standing: RingStanding
  readonly configuration: RingConfiguration
}

const STANDINGS: Readonly<Record<string, RingStanding>> = {
  f: 'forming',
  s: 'serving',
  d: 'draining',
  r: 'returning',
  a: 'away',
  o: 'router',
}
const ASSIGNMENTS: Readonly<Record<string, string>> = {
  b1: 'balanced 1',
  r1: 'rendezvous 1',
  gc1: 'go-consistent 1',
  gu1: 'go-uniform 1',
}
const ASSIGNMENT_VERSIONS: Readonly<Record<AssignmentName, string>> = {
  balanced: 'balanced 1',
  rendezvous: 'rendezvous 1',
  'go-consistent': 'go-consistent 1',
  'go-uniform': 'go-uniform 1',
}

/** @param rest whatever else decides who holds what, in a form that is the same everywhere. */
export function configurationOf(ring: ResolvedRingOptions, rest: string): RingConfiguration {
  const { partitions, redundancy, assignment, slack, primarySlack, keyHash } = ring
  return {
    partitions,
    redundancy,
    assignment: ASSIGNMENT_VERSIONS[assignment],
    slack,
    primarySlack,
    keyHash: keyHashName(keyHash),
    rest: crc32(utf8Encode(rest)).toString(16).padStart(8, '0'),
  }
}

/** What the tag holds. The names of the rings are taken to be of the allowed form. */
export function encodeRingTags(tags: readonly RingTag[]): string {
  return tags
    .map(({ name, standing, configuration }) => {
      return [FORM, name, codeOf(STANDINGS, standing), configurationText(configuration)].join(',')
    })
    .join(';')
}

/** The rings that a tag tells of; those in a form not known here are left out. Never throws. */
export function decodeRingTags(text: string): readonly RingTag[] {
  const known = DECODED.get(text)
  if (known !== undefined) return known
  const tags = text
    .split(';', RINGS_MAX)
    .map(decodeRingTag)
    .filter((tag) => tag !== undefined)
  for (const oldest of DECODED.keys()) {
    if (DECODED.size < DECODED_MAX) break
    DECODED.delete(oldest)
  }
  DECODED.set(text, tags)
  return tags
}

/** Members of one ring mostly say the same, however many they are. */
const DECODED = new Map<string, readonly RingTag[]>()
const DECODED_MAX = 64

const TEXTS = new WeakMap<RingConfiguration, string>()

/** A configuration as the tag holds it: equal text, equal configuration. */
export function configurationText(configuration: RingConfiguration): string {
  // Members are compared with each other by this, all of them time and again.
  const known = TEXTS.get(configuration)
  if (known !== undefined) return known
  const text = textOf(configuration)
  TEXTS.set(configuration, text)
  return text
}

function textOf(configuration: RingConfiguration): string {
  const { partitions, redundancy, assignment, slack, primarySlack, keyHash, rest } = configuration
  const code = codeOf(ASSIGNMENTS, assignment)
  return [partitions, redundancy, code, slack, primarySlack, keyHash, rest].join(',')
}

function decodeRingTag(text: string): RingTag | undefined {
  const fields = text.split(',')
  const [form, name = '', standing = '', ...configuration] = fields
  const [partitions, redundancy, assignment = '', slack, primarySlack] = configuration
  const [, , , , , keyHash = '', rest = ''] = configuration
  const numbers = [partitions, redundancy, slack, primarySlack]
  const wellFormed =
    form === FORM &&
    fields.length === 10 &&
    /^[\w-]{1,12}$/.test(name) &&
    Object.hasOwn(STANDINGS, standing) &&
    numbers.every((digits) => /^\d{1,5}$/.test(digits ?? '')) &&
    Object.hasOwn(ASSIGNMENTS, assignment) &&
    /^[\w.-]{1,16}$/.test(keyHash) &&
    /^[0-9a-f]{8}$/.test(rest)
  if (!wellFormed) return undefined
  return {
    name,
    standing: STANDINGS[standing]!,
    configuration: {
      partitions: Number(partitions),
      redundancy: Number(redundancy),
      assignment: ASSIGNMENTS[assignment]!,
      slack: Number(slack),
      primarySlack: Number(primarySlack),
      keyHash,
      rest,
    },
  }
}

function codeOf(table: Readonly<Record<string, string>>, value: string): string {
  return Object.keys(table).find((code) => table[code] === value) ?? '?'
}
