import { OptionError } from '../base/errors.ts'
import {
  requireBoolean,
  requireList,
  requireOptions,
  requirePlainObject,
  requireSignal,
  requireWhole,
} from '../base/require.ts'
import type { Millis } from '../base/time.ts'
import { Pattern } from '../pattern/pattern.ts'
import type { QueryContent } from '../serf/messages.ts'
import { encodeFilters } from '../serf/query-filters.ts'
import { INTERNAL_PREFIX } from '../serf/questions.ts'
import { payloadBytes, requireName, type Payload } from './payload.ts'

/** Who is asked, and how long for. */
export interface QueryOptions {
  /**
   * Names of the members that are meant.
   *
   * @defaultValue all
   */
  readonly filterNodes?: readonly string[]
  /**
   * By tag, a regular expression of RE2's that has to occur in its value: `{ role: '^web' }`. All
   * have to. A missing tag counts as empty.
   *
   * @defaultValue all
   */
  readonly filterTags?: Readonly<Record<string, string>>
  /**
   * Have everybody who is meant say at once that the query has come.
   *
   * @defaultValue false
   */
  readonly requestAck?: boolean
  /**
   * Through how many other members each answer is sent as well, so that it is not lost. 0 to 255.
   *
   * @defaultValue 0
   */
  readonly relayFactor?: number
  /**
   * How long to wait for answers. 1 to 86,400,000.
   *
   * @defaultValue `queryTimeoutMult` times the gossip interval times ceil(log10(members + 1))
   */
  readonly timeoutMs?: Millis
  /** Ends it before its time: reading then throws the reason. */
  readonly signal?: AbortSignal
}

const OPTIONS: readonly (keyof QueryOptions)[] = [
  'filterNodes',
  'filterTags',
  'requestAck',
  'relayFactor',
  'timeoutMs',
  'signal',
]

/** The only query about nodes themselves that anybody may ask: are you there? */
const PING_QUERY = '_serf_ping'

/** @throws {OptionError} naming the first argument or option that is out of its range. */
export function resolveQuery(
  name: string,
  payload: Payload | undefined,
  options: QueryOptions,
): QueryContent {
  requireName('name', name)
  if (name.startsWith(INTERNAL_PREFIX) && name !== PING_QUERY) {
    throw new OptionError('name', `one that does not begin with ${INTERNAL_PREFIX}`, name)
  }
  const bytes = payloadBytes('payload', payload)
  requireOptions(options, OPTIONS)
  const { filterNodes = [], filterTags = {}, requestAck = false, relayFactor = 0 } = options
  const { timeoutMs, signal } = options
  requireList('options.filterNodes', filterNodes, 'a list of names')
  for (const [index, node] of filterNodes.entries()) {
    requireName(`options.filterNodes[${index}]`, node)
  }
  requirePatterns('options.filterTags', filterTags)
  requireBoolean('options.requestAck', requestAck)
  requireWhole('options.relayFactor', relayFactor, 0, 255)
  if (timeoutMs !== undefined) requireWhole('options.timeoutMs', timeoutMs, 1, 86_400_000)
  requireSignal('options.signal', signal)
  const filters = encodeFilters({ nodes: filterNodes, tags: filterTags })
  return { name, payload: bytes, filters, requestAck, relayFactor, timeoutMs }
}

function requirePatterns(option: string, patterns: unknown): void {
  requirePlainObject(option, patterns, 'a plain object of patterns by tag')
  for (const [tag, pattern] of Object.entries(patterns)) {
    requireName(option, tag)
    if (typeof pattern === 'string' && Pattern.parse(pattern) !== undefined) continue
    throw new OptionError(`${option}.${tag}`, 'a pattern as RE2 has it, as text', pattern)
  }
}
