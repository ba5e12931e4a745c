import {
  canonicalIp,
  isServiceName,
  parseHostAndPort,
  type Address,
  type HostAndPort,
} from '../base/address.ts'
import { isWellFormed, utf8Length } from '../base/bytes.ts'
import { OptionError } from '../base/errors.ts'
import {
  requireBoolean,
  requireKnown,
  requireList,
  requireOneOf,
  requirePath,
  requirePlainObject,
  requireWhole,
} from '../base/require.ts'
import type { Millis } from '../base/time.ts'
import { resolveSerfOptions, type ResolvedSerfOptions, type SerfOptions } from '../serf/options.ts'
import { messageBytesMax } from '../serf/queues.ts'
import { requireTags } from '../serf/tags.ts'
import {
  PROFILES,
  resolveSwimOptions,
  type Profile,
  type ResolvedSwimOptions,
  type SwimOptions,
} from '../swim/options.ts'
import {
  resolveSecurityOptions,
  type ResolvedSecurityOptions,
  type SecurityOptions,
} from './security-options.ts'

/** The port that Serf agents use. */
export const DEFAULT_GOSSIP_PORT = 7_946

/**
 * How long a dead member's name is kept from another address, where the profiles, like agents,
 * keep it as long as it is remembered. A process that runs again elsewhere takes its name back
 * once it has been declared dead; the second keeps two who quarrel from taking turns too fast.
 */
const DEFAULTS: SwimOptions = { deadNodeReclaimMs: 1_000 }

/**
 * How one gossip node is set up. Every option has a default; those of timing come with the
 * profile, but for `deadNodeReclaimMs`, which is 1,000.
 */
export interface GossipOptions extends SwimOptions, SerfOptions, SecurityOptions {
  /**
   * The name of the local member: unique in the cluster, 1 to 128 bytes of UTF-8.
   *
   * @defaultValue the host name of the operating system
   */
  readonly hostName?: string
  /**
   * The IP address and port to listen on, for datagrams and streams alike: `'10.0.0.7:7946'`,
   * `'10.0.0.7'`, `'[::]:7946'`. Port 0 takes any that is free.
   *
   * @defaultValue `'0.0.0.0:7946'`
   */
  readonly bind?: string
  /**
   * The IP address, and the port if it is another, where members reach this node.
   *
   * @defaultValue the bound address; when bound to a wildcard, the first private IPv4 address
   *   of an interface, else another one that is not the loopback, else the loopback
   */
  readonly advertise?: string
  /**
   * The network interface, such as `'eth0'`, whose address members reach this node at: its first
   * IPv4 address, else its first IPv6 address if the node is bound to hear that. Looked up when the
   * node is made. Not together with `advertise`.
   *
   * @defaultValue none
   */
  readonly advertiseInterface?: string
  /**
   * What others see of this member besides its address. At most 512 bytes once encoded.
   *
   * @defaultValue none
   */
  readonly tags?: Readonly<Record<string, string>>
  /**
   * Timing for members in one data centre, across several, or on one machine.
   *
   * @defaultValue `'lan'`
   */
  readonly profile?: Profile
  /**
   * Compress what is sent, where that makes it smaller. What is received may be either.
   *
   * @defaultValue true
   */
  readonly compression?: boolean
  /**
   * Whom to ask for the cluster: IP addresses and names, a load balancer's among them, each
   * with a port or the bound one; and names of services, whose SRV records tell hosts and ports:
   * `'_serf._udp.example.com'`. At most 256. A member's name before an address and a slash, as agents
   * take it, changes nothing. Names are resolved again at every try, and all their addresses tried,
   * 64 at a time, until one answers.
   *
   * @defaultValue `[]`: wait to be joined
   */
  readonly bootstrapHosts?: readonly string[]
  /**
   * Mean time between two looks at `bootstrapHosts` once joined, so that islands find each
   * other. 100 to 86,400,000.
   *
   * @defaultValue 60,000
   */
  readonly bootstrapRefreshMs?: Millis
  /**
   * Time between two tries of `bootstrapHosts` while nobody else is present. 100 to 86,400,000.
   *
   * @defaultValue 500 to 15,000, doubled after each try, of which up to a half is left out at random
   */
  readonly bootstrapRetryMs?: Millis
  /**
   * Have user events from before this node found its cluster told as well, as far as members still
   * know them. Whoever was away, having lost all others or with a snapshot, is told in any case what it
   * missed.
   *
   * @defaultValue false
   */
  readonly bootstrapReplay?: boolean
  /**
   * Work out where members are in the network by the round trips of probes, and tell others where
   * we are. Without it acks are 130 bytes smaller.
   *
   * @defaultValue true
   */
  readonly coordinates?: boolean
  /**
   * Have members join each other in memory before the first node of the process is made, so that
   * most of the code has been compiled when others wait for its answers. About 0.1 s of the processor, once.
   *
   * @defaultValue true
   */
  readonly rehearsal?: boolean
  /**
   * A file that remembers over a restart who was there, and how far Lamport clocks were, in the
   * format of Serf's own snapshots. Whoever it names is sought while nobody else is present, as
   * `bootstrapHosts` are, and events from before are not told again. Made if there is none. For one
   * node alone: two that are given the same file are not told so, and each overwrites what the other wrote.
   *
   * @defaultValue nothing is remembered
   */
  readonly snapshotPath?: string
  /**
   * Seek the members of the snapshot also after this node had left the cluster for good.
   *
   * @defaultValue false
   */
  readonly rejoinAfterLeave?: boolean
}

/** Options with every default filled in and everything checked. */
export interface ResolvedGossipOptions {
  readonly hostName: string
  readonly bind: Address
  readonly advertise: {
    /** Never a wildcard. */
    readonly host: string
    /** `undefined` stands for the bound one. */
    readonly port: number | undefined
  }
  readonly tags: Readonly<Record<string, string>>
  readonly bootstrapHosts: readonly HostAndPort[]
  readonly bootstrapRefreshMs: Millis
  /** `undefined` stands for a wait that doubles. */
  readonly bootstrapRetryMs: Millis | undefined
  readonly bootstrapReplay: boolean
  readonly coordinates: boolean
  readonly rehearsal: boolean
  readonly snapshotPath: string | undefined
  readonly rejoinAfterLeave: boolean
  readonly security: ResolvedSecurityOptions
  readonly swim: ResolvedSwimOptions
  readonly serf: ResolvedSerfOptions
}

/** What the defaults need to know of the machine we are on. */
export interface HostFacts {
  hostName(): string
  /** The address to advertise when bound to `wildcard`, `0.0.0.0` or `::`. */
  advertiseHost(wildcard: string): string
  /** The address to advertise of one network interface; not there where there are none. */
  readonly interfaceHost?: (bound: string, name: string) => string | undefined
  /** The keys in a file, the primary key first. Not there where there are no files. */
  readonly readKeyring?: (path: string) => readonly Uint8Array[]
}

const HOST_NAME_BYTES_MAX = 128
const HOSTS_MAX = 256

const OWN_OPTIONS = [
  'hostName',
  'bind',
  'advertise',
  'advertiseInterface',
  'tags',
  'profile',
  'compression',
  'bootstrapHosts',
  'bootstrapRefreshMs',
  'bootstrapRetryMs',
  'bootstrapReplay',
  'coordinates',
  'rehearsal',
  'snapshotPath',
  'rejoinAfterLeave',
  'keyring',
  'keyringFile',
  'verifyIncoming',
  'verifyOutgoing',
  'label',
] as const satisfies readonly (keyof GossipOptions)[]
const SWIM_OPTIONS = Object.keys(PROFILES.lan).filter((option) => option !== 'compression')
const SERF_OPTIONS = Object.keys(resolveSerfOptions())
const ALL_OPTIONS: readonly string[] = [...OWN_OPTIONS, ...SWIM_OPTIONS, ...SERF_OPTIONS]

/**
 * @param path prefix for the option's name in an error, such as `serf.`.
 * @throws {OptionError} naming the first option that is unknown, malformed or out of range.
 */
export function resolveGossipOptions(
  options: GossipOptions,
  facts: HostFacts,
  path = '',
): ResolvedGossipOptions {
  requirePlainObject('options', options)
  requireKnown(path, options, ALL_OPTIONS)
  const { profile = 'lan', compression = true, tags = {}, bootstrapRefreshMs = 60_000 } = options
  const { hostName = facts.hostName(), bootstrapHosts = [] } = options
  const { bootstrapRetryMs, bootstrapReplay = false } = options
  const { coordinates = true, rehearsal = true } = options
  const { snapshotPath, rejoinAfterLeave = false, bind: listenAt = '0.0.0.0' } = options
  requireOneOf(`${path}profile`, profile, Object.keys(PROFILES))
  requireBoolean(`${path}compression`, compression)
  requireTags(`${path}tags`, tags)
  requireWhole(`${path}bootstrapRefreshMs`, bootstrapRefreshMs, 100, 86_400_000)
  if (bootstrapRetryMs !== undefined) {
    requireWhole(`${path}bootstrapRetryMs`, bootstrapRetryMs, 100, 86_400_000)
  }
  requireBoolean(`${path}bootstrapReplay`, bootstrapReplay)
  requireBoolean(`${path}coordinates`, coordinates)
  requireBoolean(`${path}rehearsal`, rehearsal)
  requireBoolean(`${path}rejoinAfterLeave`, rejoinAfterLeave)
  if (snapshotPath !== undefined) requirePath(`${path}snapshotPath`, snapshotPath)
  const bind = requireIpAndPort(`${path}bind`, listenAt, DEFAULT_GOSSIP_PORT)
  const resolved = {
    hostName: resolveHostName(`${path}hostName`, hostName),
    bind,
    advertise: resolveAdvertise(path, options, bind, facts),
    tags: Object.freeze({ ...tags }),
    bootstrapHosts: requireHosts(`${path}bootstrapHosts`, bootstrapHosts),
    bootstrapRefreshMs,
    bootstrapRetryMs,
    bootstrapReplay,
    coordinates,
    rehearsal,
    snapshotPath,
    rejoinAfterLeave,
    security: resolveSecurityOptions(options, path, facts.readKeyring),
    swim: resolveSwimOptions(
      profile,
      { ...DEFAULTS, ...pick(options, SWIM_OPTIONS), compression },
      path,
    ),
    serf: resolveSerfOptions(pick(options, SERF_OPTIONS), path),
  }
  requireRoom(options, resolved, path)
  return Object.freeze(resolved)
}

/**
 * A limit that is left out may well be above what a small packet has room for: then that is the limit.
 *
 * @throws {OptionError} naming a limit that was given, and that no message can come near.
 */
function requireRoom(
  options: GossipOptions,
  { swim, security }: Pick<ResolvedGossipOptions, 'swim' | 'security'>,
  path: string,
): void {
  const { packetBytesMax } = swim
  const { label, keys } = security
  const room = messageBytesMax(packetBytesMax, { label, seal: keys[0] })
  for (const option of ['userEventBytesMax', 'queryBytesMax'] as const) {
    const given = options[option]
    if (given === undefined || given <= room) continue
    const rule = `at most ${room}, what ${path}packetBytesMax, ${packetBytesMax}, has room for`
    throw new OptionError(path + option, rule, given)
  }
}

/** Whether an address stands for all addresses of a machine. */
export function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}

/**
 * A list of at most 256, each `host` or `host:port`, where the host may be a name; `member/host:port`
 * is taken too.
 *
 * @throws {OptionError} for anything else, port 0 included.
 */
export function requireHosts(option: string, hosts: unknown): readonly HostAndPort[] {
  const rule = `a list of at most ${HOSTS_MAX} hosts`
  requireList(option, hosts, rule)
  if (hosts.length > HOSTS_MAX) throw new OptionError(option, rule, hosts)
  // Unlike `map`, this does not pass over holes.
  return Array.from(hosts, (host, index) => requireHostAndPort(`${option}[${index}]`, host))
}

function requireHostAndPort(option: string, value: unknown): HostAndPort {
  const parsed = typeof value === 'string' ? parseHostAndPort(withoutName(value)) : undefined
  if (parsed === undefined || parsed.port === 0) {
    const rule =
      'a name, an IPv4 or an IPv6 address without a zone, or one with a port from 1 to 65535'
    throw new OptionError(option, rule, value)
  }
  if (isServiceName(parsed.host) && parsed.port !== undefined) {
    throw new OptionError(option, 'without a port where its records tell one', value)
  }
  return { host: canonicalIp(parsed.host) ?? parsed.host, port: parsed.port }
}

/** Serf lets a member's name and a slash stand before an address, and goes by the address alone. */
function withoutName(text: string): string {
  return text.replace(/^[^/]+\//, '')
}

function resolveHostName(option: string, hostName: unknown): string {
  if (typeof hostName === 'string' && hostName !== '' && isWellFormed(hostName)) {
    if (utf8Length(hostName) <= HOST_NAME_BYTES_MAX) return hostName
  }
  const rule = `a name of well-formed text, 1 to ${HOST_NAME_BYTES_MAX} bytes`
  throw new OptionError(option, rule, hostName)
}

/**
 * Where to listen: an IP address, with a port or without.
 *
 * @throws {OptionError} for anything else.
 */
export function requireIpAndPort(option: string, value: unknown, portIfNone: number): Address {
  const parsed = parseIpAndPort(value)
  if (parsed === undefined) {
    throw new OptionError(option, 'an IP address or address:port, the port from 0 to 65535', value)
  }
  return { host: parsed.host, port: parsed.port ?? portIfNone }
}

function resolveAdvertise(
  path: string,
  { advertise, advertiseInterface }: GossipOptions,
  bind: Address,
  facts: HostFacts,
): ResolvedGossipOptions['advertise'] {
  if (advertiseInterface !== undefined) {
    const option = `${path}advertiseInterface`
    if (advertise !== undefined) {
      throw new OptionError(option, 'left out where an address is given', advertiseInterface)
    }
    return interfaceAddress(option, advertiseInterface, bind, facts)
  }
  if (advertise === undefined) {
    const host = isWildcard(bind.host) ? facts.advertiseHost(bind.host) : bind.host
    return { host, port: undefined }
  }
  const parsed = parseIpAndPort(advertise)
  if (parsed === undefined || parsed.port === 0 || isWildcard(parsed.host)) {
    const rule = 'an IP address or address:port that others can reach, not a wildcard'
    throw new OptionError(`${path}advertise`, rule, advertise)
  }
  return parsed
}

function interfaceAddress(
  option: string,
  name: unknown,
  bind: Address,
  facts: HostFacts,
): ResolvedGossipOptions['advertise'] {
  const host = typeof name === 'string' ? facts.interfaceHost?.(bind.host, name) : undefined
  if (host !== undefined) return { host, port: undefined }
  const family = bind.host.includes(':') ? 'an address' : 'an IPv4 address'
  throw new OptionError(option, `a network interface of this machine with ${family}`, name)
}

function parseIpAndPort(value: unknown): HostAndPort | undefined {
  const parsed = typeof value === 'string' ? parseHostAndPort(value) : undefined
  const host = parsed === undefined ? undefined : canonicalIp(parsed.host)
  return host === undefined ? undefined : { host, port: parsed?.port }
}

function pick(options: GossipOptions, names: readonly string[]): Partial<GossipOptions> {
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given.filter(([name]) => names.includes(name)))
}
