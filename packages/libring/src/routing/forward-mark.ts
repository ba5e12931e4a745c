import type { RoleAsked } from './routed-cluster.ts'

// What a member says of a request that it forwards:
//
//   1 ; 17 ; p ; 1a2b3c4d ; 2 ; ann,bob ; a2V5
//   |   |    |   |          |   |         key in base64url, where it is sent along
//   |   |    |   |          |   members that were asked before, percent-encoded
//   |   |    |   |          how many times the request was forwarded, this one included
//   |   |    |   digest of the sender's configuration
//   |   |    role asked for: p primary, h any holder
//   |   partition
//   version of this form

/** Longest mark that is read. */
const MARK_LENGTH_MAX = 4_096

/** Most members that a mark names, and most characters of their names. */
const TRIED_MAX = 16
const NAMES_LENGTH_MAX = 2_048

const FORM = /^1;(\d{1,5});([ph]);([0-9a-f]{8});(\d{1,2});([^;]*);([\w-]*)$/

/** What is said of a request that one member forwards to another. */
export interface ForwardMark {
  readonly partition: number
  readonly role: RoleAsked
  /** Digest of the sender's configuration. */
  readonly configuration: string
  /** From 1. */
  readonly hop: number
  /** Names of members that have refused it. */
  readonly tried: readonly string[]
  /** The key as the sender sees it, in base64url; empty where it is not sent along. */
  readonly key: string
}

/** The mark in one line of ASCII without spaces, whatever the names are. */
export function encodeForwardMark(mark: ForwardMark): string {
  const { partition, role, configuration, hop, tried, key } = mark
  const names = latestNames(tried)
  return `1;${partition};${role === 'primary' ? 'p' : 'h'};${configuration};${hop};${names};${key}`
}

/** As many of the latest names as there is room for. */
function latestNames(tried: readonly string[]): string {
  let names = ''
  for (const name of tried.slice(-TRIED_MAX)) names += `${encodeURIComponent(name)},`
  while (names.length > NAMES_LENGTH_MAX) names = names.slice(names.indexOf(',') + 1)
  return names.slice(0, -1)
}

/** The mark, or `undefined` for what is none. Never throws. */
export function decodeForwardMark(text: string): ForwardMark | undefined {
  if (text.length > MARK_LENGTH_MAX) return undefined
  const match = FORM.exec(text)
  if (match === null) return undefined
  const [, partition, role, configuration, hop, names, key] = match
  const tried = names === '' ? NOBODY : decodeNames(names!)
  if (tried === undefined || tried.length > TRIED_MAX || hop === '0') return undefined
  return {
    partition: Number(partition),
    role: role === 'p' ? 'primary' : 'holder',
    configuration: configuration!,
    hop: Number(hop),
    tried,
    key: key!,
  }
}

/** Why a member does not serve what was forwarded to it. */
export type RefusalReason = 'not-owner' | 'configuration' | 'key' | 'hops'

/** What a member answers to a request that it does not serve. */
export interface Refusal {
  readonly reason: RefusalReason
  /** Name of whoever serves it, as far as is known. */
  readonly owner: string | undefined
  /** Whether the member that refuses will serve it, once that one has let go. */
  readonly isNext?: boolean
}

const REASONS: readonly string[] = ['not-owner', 'configuration', 'key', 'hops']

/** The refusal in one line of ASCII without spaces. */
export function encodeRefusal({ reason, owner, isNext = false }: Refusal): string {
  if (owner === undefined) return reason
  return `${reason};${encodeURIComponent(owner)}${isNext ? ';next' : ''}`
}

/** The refusal, or `undefined` for what is none. Never throws. */
export function decodeRefusal(text: string): Refusal | undefined {
  if (text.length > MARK_LENGTH_MAX) return undefined
  const [reason, name, word] = text.split(';', 3)
  if (!REASONS.includes(reason!)) return undefined
  const owner = name === undefined ? undefined : decodeNames(name)?.[0]
  const refusal: Refusal = { reason: reason as RefusalReason, owner }
  return owner !== undefined && word === 'next' ? { ...refusal, isNext: true } : refusal
}

const NOBODY: readonly string[] = Object.freeze([])

function decodeNames(text: string): readonly string[] | undefined {
  try {
    return text.split(',', TRIED_MAX + 1).map(decodeURIComponent)
  } catch {
    return undefined
  }
}
