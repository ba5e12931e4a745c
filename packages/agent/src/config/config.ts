import * as v from 'valibot'
import { ConfigError } from './config-error.ts'
import { millisIn } from './duration.ts'
import { nearest } from './nearest.ts'
import { DEFAULT_LIMITS, LIMIT_RANGES } from '../http-api/limits.ts'
import { CONSUMER_TIMEOUT_MS_RANGE, isHostName } from '../http-api/options.ts'
import type { AgentConfig, RawConfig } from './schema.ts'
import { tagsSchema } from './tags.ts'

const text = v.pipe(v.string(), v.nonEmpty('must not be empty'))
const whole = wholeFrom(0, Number.MAX_SAFE_INTEGER)
const texts = v.optional(v.array(text), [])
const [SECOND_MS, HOUR_MS] = [1_000, 3_600_000]
const DAY_MS = 24 * HOUR_MS
const YEAR_MS = 365 * DAY_MS

/** Options of the ring, which have to be the same at all agents but for those of timing. */
const ringSchema = v.strictObject({
  name: v.optional(text),
  /** `tag=value`: what an agent bears while a consumer is attached, and takes part by. */
  watch_tag: v.optional(
    v.pipe(v.string(), v.regex(/^[^=]+=.+$/, 'must be tag=value')),
    'ring=active',
  ),
  partitions: v.optional(whole),
  redundancy: v.optional(whole),
  assignment: v.optional(v.picklist(['balanced', 'rendezvous', 'go-consistent', 'go-uniform'])),
  min_members: v.optional(whole),
  concurrent_handoffs: v.optional(whole),
  grace_ms: v.optional(whole),
  settle_ms: v.optional(whole),
  release_timeout_ms: v.optional(whole),
  handoff_timeout_ms: v.optional(whole),
})

/** What clients of the HTTP API may do. */
const httpSchema = v.strictObject({
  allowed_hosts: v.optional(
    v.pipe(
      v.array(v.pipe(v.string(), v.check(isHostName, 'must be a host name, without a port'))),
      v.maxLength(64, 'must be at most 64 names'),
    ),
    [],
  ),
  body_bytes_max: v.optional(wholeFrom(...LIMIT_RANGES.bodyBytesMax)),
  header_bytes_max: v.optional(wholeFrom(...LIMIT_RANGES.headerBytesMax)),
  connections_max: v.optional(wholeFrom(...LIMIT_RANGES.connectionsMax)),
  streams_max: v.optional(wholeFrom(...LIMIT_RANGES.streamsMax)),
  stream_buffer_bytes_max: v.optional(wholeFrom(...LIMIT_RANGES.streamBufferBytesMax)),
  requests_per_second: v.optional(wholeFrom(...LIMIT_RANGES.requestsPerSecond)),
  headers_timeout_ms: v.optional(wholeFrom(...LIMIT_RANGES.headersTimeoutMs)),
  request_timeout_ms: v.optional(wholeFrom(...LIMIT_RANGES.requestTimeoutMs)),
  events_kept: v.optional(wholeFrom(...LIMIT_RANGES.eventsKept)),
})

/** What an agent is set to. The keys that Serf's files have are called as there. */
const configSchema = v.strictObject({
  node_name: v.optional(text),
  bind: v.optional(text),
  advertise: v.optional(text),
  interface: v.optional(text),
  profile: v.optional(v.picklist(['lan', 'wan', 'local']), 'lan'),
  /** Asked once, at the start; the agent ends when none answers. */
  start_join: texts,
  /** Asked until one answers, and looked at again ever after. */
  retry_join: texts,
  /** The cluster whose members are found by multicast DNS; what its name of a service may have. */
  discover: v.optional(
    v.pipe(v.string(), v.regex(/^[\w-]{1,57}$/, 'must be 1 to 57 letters, digits, _ or -')),
  ),
  /** Whether user events from before are told when either of them succeeds. */
  replay_on_join: v.optional(v.boolean(), false),
  retry_interval: v.optional(duration(100, DAY_MS)),
  retry_max_attempts: v.optional(wholeFrom(0, 1_000_000), 0),
  /** Where tags are kept that somebody has the agent bear; not together with `tags`. */
  tags_file: v.optional(text),
  /** Deprecated, as with Serf: the tag of that name. */
  role: v.optional(v.string()),
  tags: v.optional(tagsSchema, {}),
  encrypt_key: v.optional(v.pipe(text, v.check(isKey, 'must be 16, 24 or 32 bytes in Base64'))),
  keyring_file: v.optional(text),
  snapshot_path: v.optional(text),
  rejoin_after_leave: v.optional(v.boolean(), false),
  enable_compression: v.optional(v.boolean(), true),
  disable_coordinates: v.optional(v.boolean(), false),
  disable_name_resolution: v.optional(v.boolean(), false),
  broadcast_timeout: v.optional(duration(1, 600 * SECOND_MS)),
  reconnect_interval: v.optional(duration(1, HOUR_MS)),
  reconnect_timeout: v.optional(duration(1, YEAR_MS)),
  tombstone_timeout: v.optional(duration(1, YEAR_MS)),
  user_event_size_limit: v.optional(wholeFrom(64, 9_216)),
  query_size_limit: v.optional(wholeFrom(128, 65_507)),
  query_response_size_limit: v.optional(wholeFrom(128, 65_507)),
  rpc_addr: v.optional(text, '127.0.0.1:7373'),
  rpc_auth: v.optional(text),
  http_addr: v.optional(text, '127.0.0.1:7380'),
  http_token_file: v.optional(text),
  http: v.optional(httpSchema, {}),
  consumer_timeout_ms: v.optional(wholeFrom(...CONSUMER_TIMEOUT_MS_RANGE), 10_000),
  log_level: v.optional(v.picklist(['debug', 'info', 'warn', 'error']), 'info'),
  log_format: v.optional(v.picklist(['text', 'json']), 'text'),
  /** As `script`, or `type=script`. */
  event_handlers: texts,
  leave_on_terminate: v.optional(v.boolean(), false),
  skip_leave_on_interrupt: v.optional(v.boolean(), false),
  ring: v.optional(ringSchema, {}),
})

/** Keys whose values errors do not show. */
const SECRETS: ReadonlySet<string> = new Set(['encrypt_key', 'rpc_auth'])

function isKey(text: string): boolean {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text && [16, 24, 32].includes(bytes.length)
}

/** One place where options stand, for errors to name. */
export interface Source {
  /** A file, or `the flags`. */
  readonly name: string
  readonly values: RawConfig
}

/**
 * All sources together: of two that say something of one key the later one counts; lists and tags
 * are joined, as those of Serf's files are.
 *
 * @throws {ConfigError} naming the source, the key, what is to stand there, and what does; and where
 *   keys do not go together.
 */
export function configOf(sources: readonly Source[]): AgentConfig {
  for (const source of sources) check(source)
  const merged = sources.reduce<RawConfig>((all, { values }) => merge(all, values), {})
  const config = v.parse(configSchema, merged)
  checkTimeouts(config.http)
  const { role, tags_file } = config
  const tags = role === undefined ? config.tags : { ...config.tags, role }
  if (tags_file !== undefined && Object.keys(tags).length > 0) {
    const names = Object.keys(tags).join(', ')
    throw new ConfigError(`tags_file: not together with tags, and there are tags: ${names}`)
  }
  return { ...config, tags }
}

/** Headers come before the body. @throws {ConfigError} where they may take longer than the whole. */
function checkTimeouts(http: AgentConfig['http']): void {
  const headersMs = http.headers_timeout_ms ?? DEFAULT_LIMITS.headersTimeoutMs
  const requestMs = http.request_timeout_ms ?? DEFAULT_LIMITS.requestTimeoutMs
  if (headersMs <= requestMs) return
  const rule = `must be at most http.request_timeout_ms, which is ${requestMs}`
  throw new ConfigError(`http.headers_timeout_ms: ${rule}, and it is ${headersMs}`)
}

function check({ name, values }: Source): void {
  const parsed = v.safeParse(configSchema, values)
  if (parsed.success) return
  const [issue] = parsed.issues
  const path = issue.path?.map(({ key }) => String(key)) ?? []
  const key = path.join('.')
  if (issue.type === 'strict_object') {
    const known = keysBeside(path)
    const meant = nearest(path.at(-1) ?? '', known)
    throw new ConfigError(`${name}: there is no key ${key}${meant && `; ${meant} is near`}`)
  }
  // Valibot's own words say what was received, ours do not; and nobody is to read a key in a log.
  const isTold = issue.message.includes('received') || SECRETS.has(key)
  const given = isTold ? '' : `, and it is ${JSON.stringify(issue.input)}`
  throw new ConfigError(`${name}: ${key}: ${issue.message}${given}`)
}

/** Keys that may stand where the last one of this path does. */
function keysBeside(path: readonly (string | number)[]): readonly string[] {
  const { entries } = configSchema
  if (path.length === 1) return Object.keys(entries)
  return Object.keys(path[0] === 'http' ? httpSchema.entries : ringSchema.entries)
}

function merge(left: RawConfig, right: RawConfig): RawConfig {
  const merged: Record<string, unknown> = { ...left }
  for (const [key, value] of Object.entries(right)) {
    const known = merged[key]
    if (Array.isArray(known) && Array.isArray(value))
      merged[key] = [...known, ...(value as unknown[])]
    else if (isRecord(known) && isRecord(value)) merged[key] = { ...known, ...value }
    else merged[key] = value
  }
  return merged
}

function wholeFrom(min: number, max: number): v.GenericSchema<number, number> {
  const isInRange = (given: number): boolean => {
    return Number.isSafeInteger(given) && given >= min && given <= max
  }
  const upTo = max === Number.MAX_SAFE_INTEGER ? 'on' : `to ${max}`
  return v.pipe(v.number(), v.check(isInRange, `must be a whole number from ${min} ${upTo}`))
}

/** A duration as Go writes them, and milliseconds from then on. */
function duration(minMs: number, maxMs: number): v.GenericSchema<string, number> {
  const isInRange = (given: string): boolean => {
    const millis = millisIn(given)
    return millis !== undefined && millis >= minMs && millis <= maxMs
  }
  const rule = `must be a duration such as 30s, from ${goDuration(minMs)} to ${goDuration(maxMs)}`
  return v.pipe(
    v.string(),
    v.check(isInRange, rule),
    v.transform((given) => millisIn(given) ?? minMs),
  )
}

function goDuration(millis: number): string {
  if (millis < SECOND_MS) return `${millis}ms`
  return millis < HOUR_MS ? `${millis / SECOND_MS}s` : `${millis / HOUR_MS}h`
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
