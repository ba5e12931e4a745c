import * as v from 'valibot'
import { ConfigError } from './config-error.ts'
import { nearest } from './nearest.ts'
import type { AgentConfig, RawConfig } from './schema.ts'

const text = v.pipe(v.string(), v.nonEmpty('must not be empty'))
const whole = v.pipe(v.number(), v.integer(), v.minValue(0))
const texts = v.optional(v.array(text), [])

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
  tags: v.optional(v.record(v.string(), v.string()), {}),
  encrypt_key: v.optional(text),
  keyring_file: v.optional(text),
  snapshot_path: v.optional(text),
  rejoin_after_leave: v.optional(v.boolean(), false),
  disable_compression: v.optional(v.boolean(), false),
  rpc_addr: v.optional(text, '127.0.0.1:7373'),
  rpc_auth: v.optional(text),
  http_addr: v.optional(text, '127.0.0.1:7380'),
  http_token_file: v.optional(text),
  consumer_timeout_ms: v.optional(whole, 10_000),
  log_level: v.optional(v.picklist(['debug', 'info', 'warn', 'error']), 'info'),
  log_format: v.optional(v.picklist(['text', 'json']), 'text'),
  /** As `script`, or `type=script`. */
  event_handlers: texts,
  leave_on_terminate: v.optional(v.boolean(), false),
  skip_leave_on_interrupt: v.optional(v.boolean(), false),
  ring: v.optional(ringSchema, {}),
})

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
 * @throws {ConfigError} naming the source, the key, what is to stand there, and what does.
 */
export function configOf(sources: readonly Source[]): AgentConfig {
  for (const source of sources) check(source)
  const merged = sources.reduce<RawConfig>((all, { values }) => merge(all, values), {})
  return v.parse(configSchema, merged)
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
  // Valibot's own words say what was received, ours do not.
  const given = issue.message.includes('received')
    ? ''
    : `, and it is ${JSON.stringify(issue.input)}`
  throw new ConfigError(`${name}: ${key}: ${issue.message}${given}`)
}

/** Keys that may stand where the last one of this path does. */
function keysBeside(path: readonly (string | number)[]): readonly string[] {
  const { entries } = configSchema
  return Object.keys(path.length > 1 ? entries.ring.wrapped.entries : entries)
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

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
