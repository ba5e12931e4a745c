import { compareUtf8 } from '../base/bytes.ts'
import { OptionError } from '../base/errors.ts'
import {
  requireBoolean,
  requireFunction,
  requireKnown,
  requireMethods,
  requireOneOf,
  requirePlainObject,
} from '../base/require.ts'
import { guardedLogger, LOGGER_METHODS, SILENT } from '../gossip/guarded-logger.ts'
import type { GossipOptions } from '../gossip/options.ts'
import { resolveOwnershipOptions } from '../ownership/options.ts'
import type { OwnershipOptions, ResolvedOwnershipOptions } from '../ownership/options.ts'
import { configurationOf, type RingConfiguration } from '../ownership/ring-tag.ts'
import type { Logger } from '../ports/logger.ts'
import type { Membership } from '../ports/membership.ts'
import { isGoMode, resolveRingOptions } from '../ring/options.ts'
import type { ResolvedRingOptions, RingOptions } from '../ring/options.ts'
import type { OwnershipHandlers } from './handlers.ts'
import type { MemberRules } from './members.ts'
import { requireObserver } from './observer.ts'
import { tagFilter } from './watch-tags.ts'

/** Names of rings: they travel in a tag with little room. */
const RING_NAME = /^[\w-]{1,12}$/

/**
 * How a member takes part in a cluster. Every option has a default.
 *
 * Options of the ring and of who takes part in it (`watchTags`, `weightTag`, `zoneTag`) have to
 * be the same on every member: they decide who holds what.
 */
export interface ClusterOptions extends RingOptions, OwnershipOptions, OwnershipHandlers {
  /**
   * The name of the ring: 1 to 12 letters, digits, `_` or `-`. Rings of different names know
   * nothing of each other, though they may share members, and nodes.
   *
   * @defaultValue `'ring'`
   */
  readonly name?: string

  /**
   * Whether members that run no cluster of this name, such as plain agents, take part if their
   * tags match. In the `go-*` modes they always do, and so they do where membership has no way
   * to tell.
   *
   * @defaultValue false
   */
  readonly acceptUntagged?: boolean

  /**
   * Which members take part in the ring: those whose tags match. A tag that a member does not
   * have does not match. A member whose tags do not match any more hands over what it has, or lets
   * it go where nobody is there to have it.
   *
   * @defaultValue `{}`: every member
   */
  readonly watchTags?: Readonly<Record<string, RegExp>>

  /**
   * Whether `all` entries of `watchTags` have to match, or `any` one will do, as in Go libring.
   *
   * @defaultValue `'all'`
   */
  readonly watchTagsMatch?: 'all' | 'any'

  /** The tag that holds a member's weight, 1 to 65,535. @defaultValue `'weight'` */
  readonly weightTag?: string

  /** The tag that holds a member's failure domain. @defaultValue `'zone'` */
  readonly zoneTag?: string

  /**
   * Whether a member's tag `http` may hold the URL of another host than its own address. Anybody
   * who can join the cluster can then have requests sent anywhere.
   *
   * @defaultValue false
   */
  readonly allowForeignUrl?: boolean

  /** Short for `serf.bootstrapHosts`. */
  readonly bootstrapHosts?: readonly string[]

  /** Short for `serf.hostName`. */
  readonly hostName?: string

  /** The gossip node to run. Not together with `membership`. */
  readonly serf?: GossipOptions

  /**
   * Who is there, told by something else than a gossip node of this cluster's own. Not together
   * with `serf`, `bootstrapHosts` or `hostName`.
   *
   * Over an agent (`serfAgent`) a cluster only watches: `watchTags` must leave out the agent, and
   * handlers are refused. Several clusters may share one. The last of them to stop makes it leave and stops it, unless
   * it had been started before any of them.
   */
  readonly membership?: Membership

  /** Where to write what happens. `console` and pino fit. @defaultValue silence */
  readonly logger?: Logger
}

/** Options with every default filled in and everything checked. */
export interface ResolvedClusterOptions {
  readonly name: string
  /** What all members have to agree on. */
  readonly configuration: RingConfiguration
  readonly untagged: 'accept' | 'refuse'
  /** Names of the tags that decide who takes part. */
  readonly watched: readonly string[]
  /** Where there is one, `gossip` says nothing. */
  readonly membership: Membership | undefined
  readonly gossip: GossipOptions
  readonly ring: ResolvedRingOptions
  readonly ownership: ResolvedOwnershipOptions
  readonly members: MemberRules
  readonly handlers: OwnershipHandlers
  readonly logger: Logger
}

const OPTIONS = {
  name: true,
  acceptUntagged: true,
  watchTags: true,
  watchTagsMatch: true,
  weightTag: true,
  zoneTag: true,
  allowForeignUrl: true,
  bootstrapHosts: true,
  hostName: true,
  serf: true,
  membership: true,
  logger: true,
  partitions: true,
  redundancy: true,
  assignment: true,
  slack: true,
  primarySlack: true,
  keyHash: true,
  settleMs: true,
  bootstrapTimeoutMs: true,
  formAlone: true,
  minMembers: true,
  releaseTimeoutMs: true,
  handoffTimeoutMs: true,
  concurrentHandoffs: true,
  graceMs: true,
  onAcquire: true,
  onRelease: true,
  onChange: true,
} as const satisfies Record<keyof ClusterOptions, true>

/** What the top level is short for: the same in `serf`. */
const SHORT = ['hostName', 'bootstrapHosts'] as const

/** @throws {OptionError} naming the first option that is unknown, malformed or out of range. */
export function resolveClusterOptions(options: ClusterOptions = {}): ResolvedClusterOptions {
  requirePlainObject('options', options)
  requireKnown('', options, Object.keys(OPTIONS))
  const ring = resolveRingOptions(options)
  const { name = 'ring', acceptUntagged = false } = options
  if (typeof name !== 'string' || !RING_NAME.test(name)) {
    throw new OptionError('name', '1 to 12 letters, digits, _ or -', name)
  }
  requireBoolean('acceptUntagged', acceptUntagged)
  const { logger = SILENT, onAcquire, onRelease, onChange } = options
  requireMethods('logger', logger, LOGGER_METHODS)
  requireHandlers({ onAcquire, onRelease, onChange })
  const members = resolveMemberRules(name, options, ring)
  const ownership = resolveOwnershipOptions(options)
  if (isGoMode(ring.assignment) && ownership.graceMs > 0) {
    throw new OptionError('graceMs', `0 when assignment is ${ring.assignment}`, ownership.graceMs)
  }
  const membership = resolveMembership(options)
  if (membership?.isObserver === true) requireObserver(options)
  const canTell =
    membership === undefined ||
    membership.isObserver === true ||
    membership.ringChannel !== undefined
  return Object.freeze({
    name,
    configuration: configurationOf(ring, restOf(options, members, ownership)),
    watched: Object.keys(options.watchTags ?? {}),
    untagged: acceptUntagged || !canTell ? 'accept' : 'refuse',
    membership,
    gossip: resolveGossip(options),
    ring,
    ownership,
    members,
    handlers: Object.freeze({
      ...(onAcquire === undefined ? {} : { onAcquire }),
      ...(onRelease === undefined ? {} : { onRelease }),
      ...(onChange === undefined ? {} : { onChange }),
    }),
    logger: guardedLogger(logger),
  })
}

/**
 * The outcome of `create`. An option of the gossip node that it refuses is named as the caller of
 * the cluster knows it: `serf.bind`, but `hostName` where that was given in short.
 */
export function underOptionsOf<T>(options: ClusterOptions, create: () => T): T {
  try {
    return create()
  } catch (error) {
    if (!(error instanceof OptionError)) throw error
    const { option } = error
    const isShort = SHORT.some((name) => option.startsWith(name) && options[name] !== undefined)
    throw isShort ? error : error.renamed(`serf.${option}`)
  }
}

function resolveMembership(options: ClusterOptions): Membership | undefined {
  const { membership } = options
  if (membership === undefined) return undefined
  requireMethods('membership', membership, [
    'start',
    'stop',
    'leave',
    'members',
    'incarnationOf',
    'subscribe',
    'setTags',
    'deathAfterMs',
  ])
  for (const option of ['serf', ...SHORT] as const) {
    if (options[option] === undefined) continue
    throw new OptionError(option, 'left out when membership is given', options[option])
  }
  return membership
}

/** The top level is short for `serf`, so a value may come from one of the two, not from both. */
function resolveGossip(options: ClusterOptions): GossipOptions {
  const { serf = {}, hostName, bootstrapHosts } = options
  requirePlainObject('serf', serf)
  for (const option of SHORT) {
    if (options[option] === undefined || serf[option] === undefined) continue
    throw new OptionError(option, `left out when serf.${option} is given`, options[option])
  }
  return {
    ...serf,
    ...(hostName === undefined ? {} : { hostName }),
    ...(bootstrapHosts === undefined ? {} : { bootstrapHosts }),
  }
}

/** Whatever else decides who holds what, the same text where it is the same. */
function restOf(
  { watchTags = {}, watchTagsMatch = 'all' }: ClusterOptions,
  { shareTags }: MemberRules,
  { graceMs }: ResolvedOwnershipOptions,
): string {
  const watched = Object.entries(watchTags)
    .map(([tag, pattern]) => [tag, pattern.source, pattern.flags] as const)
    .sort(([left], [right]) => compareUtf8(left, right))
  const { weight, zone } = shareTags ?? {}
  return JSON.stringify([watched, watchTagsMatch, weight, zone, graceMs])
}

function resolveMemberRules(
  name: string,
  options: ClusterOptions,
  ring: ResolvedRingOptions,
): MemberRules {
  const { watchTags = {}, watchTagsMatch = 'all', allowForeignUrl = false } = options
  requireOneOf('watchTagsMatch', watchTagsMatch, ['all', 'any'])
  requireBoolean('allowForeignUrl', allowForeignUrl)
  return {
    ring: name,
    filter: tagFilter('watchTags', watchTags, watchTagsMatch),
    shareTags: resolveShareTags(options, ring),
    whileLeaving: isGoMode(ring.assignment) ? 'part' : 'no part',
    foreignHosts: allowForeignUrl ? 'allow' : 'refuse',
  }
}

function resolveShareTags(
  options: ClusterOptions,
  { assignment }: ResolvedRingOptions,
): MemberRules['shareTags'] {
  for (const option of ['weightTag', 'zoneTag'] as const) {
    const tag: unknown = options[option]
    if (tag === undefined) continue
    if (isGoMode(assignment)) {
      throw new OptionError(option, `left out when assignment is ${assignment}`, tag)
    }
    if (typeof tag !== 'string' || tag === '') throw new OptionError(option, 'a tag name', tag)
  }
  if (isGoMode(assignment)) return undefined
  return { weight: options.weightTag ?? 'weight', zone: options.zoneTag ?? 'zone' }
}

function requireHandlers(handlers: Readonly<Record<string, unknown>>): void {
  for (const [option, handler] of Object.entries(handlers)) {
    if (handler !== undefined) requireFunction(option, handler)
  }
}
