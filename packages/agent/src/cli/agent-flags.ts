import type { Source } from '../config/config.ts'
import type { AgentConfig, RingConfig } from '../config/schema.ts'
import { pairsOf } from './pairs.ts'

/** One flag of `libring agent`, and the key of a file that it stands for. */
export interface Flag {
  /** As commander takes it: `rpc-addr <address>`. */
  readonly flag: string
  readonly key: keyof AgentConfig | `ring.${keyof RingConfig}`
  readonly about: string
  readonly choices?: readonly string[]
  /** Whether it may be given more than once. */
  readonly isList?: true
  /** What a flag without an argument stands for. @defaultValue true */
  readonly value?: boolean
}

/** Flags as commander gives them, by the name of the option in camel case. */
export interface AgentFlags {
  readonly configFile: readonly string[]
  readonly configDir: readonly string[]
  readonly [name: string]: unknown
}

export const FLAGS: readonly Flag[] = [
  { flag: 'node <name>', key: 'node_name', about: 'name of this member (default: the host name)' },
  { flag: 'bind <address>', key: 'bind', about: 'where to gossip (default: 0.0.0.0:7946)' },
  { flag: 'advertise <address>', key: 'advertise', about: 'where members reach this one' },
  { flag: 'iface <name>', key: 'interface', about: 'the interface whose address to bind' },
  {
    flag: 'profile <name>',
    key: 'profile',
    about: 'timings (default: lan)',
    choices: ['lan', 'wan', 'local'],
  },
  { flag: 'join <address>', key: 'start_join', about: 'whom to join at the start', isList: true },
  {
    flag: 'retry-join <address>',
    key: 'retry_join',
    about: 'whom to try to join until one answers',
    isList: true,
  },
  {
    flag: 'retry-interval <duration>',
    key: 'retry_interval',
    about: 'time between two tries, as 30s (default: 500ms, doubled after each up to 15s)',
  },
  {
    flag: 'retry-max <count>',
    key: 'retry_max_attempts',
    about: 'tries after the first before the agent ends with 1; 0 for no end (default: 0)',
  },
  {
    flag: 'discover <cluster>',
    key: 'discover',
    about: 'find members of a cluster of that name by multicast DNS',
  },
  { flag: 'replay', key: 'replay_on_join', about: 'have user events from before the join told' },
  { flag: 'tag <key=value>', key: 'tags', about: 'a tag of this member', isList: true },
  {
    flag: 'tags-file <path>',
    key: 'tags_file',
    about: 'tags, kept as they are changed; not together with --tag',
  },
  { flag: 'role <name>', key: 'role', about: 'deprecated: the tag role' },
  { flag: 'encrypt <key>', key: 'encrypt_key', about: 'key of the cluster, in Base64' },
  { flag: 'keyring-file <path>', key: 'keyring_file', about: 'keys of the cluster, kept' },
  { flag: 'snapshot <path>', key: 'snapshot_path', about: 'remember members over a restart' },
  { flag: 'rejoin', key: 'rejoin_after_leave', about: 'seek those members after a leave too' },
  {
    flag: 'disable-compression',
    key: 'enable_compression',
    about: 'send nothing compressed',
    value: false,
  },
  {
    flag: 'broadcast-timeout <duration>',
    key: 'broadcast_timeout',
    about: 'how long a leave and new tags may take to spread (default: 5s)',
  },
  { flag: 'rpc-addr <address>', key: 'rpc_addr', about: 'RPC of Serf (default: 127.0.0.1:7373)' },
  { flag: 'rpc-auth <key>', key: 'rpc_auth', about: 'what clients of the RPC have to show' },
  { flag: 'http-addr <address>', key: 'http_addr', about: 'HTTP API (default: 127.0.0.1:7380)' },
  {
    flag: 'http-token-file <path>',
    key: 'http_token_file',
    about: 'token of the HTTP API, made where there is none (default: one for this run)',
  },
  { flag: 'event-handler <spec>', key: 'event_handlers', about: 'a script', isList: true },
  { flag: 'consumer-timeout-ms <ms>', key: 'consumer_timeout_ms', about: '(default: 10000)' },
  {
    flag: 'log-level <level>',
    key: 'log_level',
    about: '(default: info)',
    choices: ['debug', 'info', 'warn', 'error'],
  },
  {
    flag: 'log-format <format>',
    key: 'log_format',
    about: '(default: text)',
    choices: ['text', 'json'],
  },
  { flag: 'leave-on-term', key: 'leave_on_terminate', about: 'drain and leave on SIGTERM' },
  { flag: 'ring-name <name>', key: 'ring.name', about: 'several rings may share a cluster' },
  {
    flag: 'watch-tag <key=value>',
    key: 'ring.watch_tag',
    about: 'borne while a consumer is attached (default: ring=active)',
  },
  { flag: 'partitions <count>', key: 'ring.partitions', about: '(default: 512)' },
  { flag: 'redundancy <count>', key: 'ring.redundancy', about: '(default: 3)' },
  { flag: 'min-members <count>', key: 'ring.min_members', about: 'to wait for (default: 1)' },
  { flag: 'grace-ms <ms>', key: 'ring.grace_ms', about: 'how long homes are kept (default: 0)' },
  { flag: 'settle-ms <ms>', key: 'ring.settle_ms', about: '(default: 1000)' },
]

/** Keys whose values are numbers. */
const NUMBERS = /_ms$|_max_attempts$/

/** What the flags say, by the keys of files. @throws {ConfigError} for a tag without a value. */
export function flagsSource(flags: AgentFlags): Source {
  const values: Record<string, unknown> = {}
  const ring: Record<string, unknown> = {}
  for (const { flag, key, value } of FLAGS) {
    const given = flags[nameOf(flag)]
    if (given === undefined) continue
    if (key === 'tags') values[key] = pairsOf('--tag', given as readonly string[])
    else if (key.startsWith('ring.')) ring[key.slice(5)] = numberOr(given)
    else if (NUMBERS.test(key)) values[key] = numberOr(given)
    else values[key] = value ?? given
  }
  if (Object.keys(ring).length > 0) values['ring'] = ring
  return { name: 'the flags', values }
}

/** `rpc-addr <address>` is `rpcAddr`. */
function nameOf(flag: string): string {
  return flag.split(' ', 1)[0]!.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
}

function numberOr(given: unknown): unknown {
  return typeof given === 'string' && /^\d+$/.test(given) ? Number(given) : given
}
