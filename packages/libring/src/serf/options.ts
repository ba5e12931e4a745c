import { OptionError } from '../base/errors.ts'
import { requireBoolean, requireWhole } from '../base/require.ts'
import type { Millis } from '../base/time.ts'

/** Timing of what Serf adds to the gossip protocol. Names and defaults follow Serf's. */
export interface SerfOptions {
  /** How long we stay after the farewell was sent, so that nobody calls it a failure. */
  readonly leavePropagateDelayMs?: Millis
  /** How often members that are gone for long are looked for. */
  readonly reapIntervalMs?: Millis
  /** How often one failed member is tried again. */
  readonly reconnectIntervalMs?: Millis
  /** How long a failed member is remembered. */
  readonly reconnectTimeoutMs?: Millis
  /** How long a member that left is remembered. */
  readonly tombstoneTimeoutMs?: Millis
  /** How long an intent about an unknown member is kept. */
  readonly recentIntentTimeoutMs?: Millis
  /** How often the broadcast queues are cut to size. */
  readonly queueCheckIntervalMs?: Millis
  /** Most broadcasts a queue may hold when it is cut: in time, and at twice as many. */
  readonly queueDepthMax?: number
  /**
   * Most bytes of a user event that is sent, its name and payload together and the whole message
   * alike. Not above what a packet has room for: `packetBytesMax` less 5, less 29 where there are
   * keys, and less a label and 2 bytes. What others send may be as long as fits into a packet.
   */
  readonly userEventBytesMax?: number
  /** Most bytes of a query that is sent, as a message. Not above what a packet has room for either. */
  readonly queryBytesMax?: number
  /**
   * Most bytes of an answer to a query, as a message. Longer ones of others are neither taken nor passed
   * on. At the most it has the room of a datagram, though it be relayed, encrypted and labelled.
   */
  readonly queryResponseBytesMax?: number
  /** How long a query waits unless it says so: this times the gossip interval times ceil(log10(n + 1)). */
  readonly queryTimeoutMult?: number
  /**
   * Where another member bears our name too: have all others say whom they know by it, and go when
   * most of them know the other one. `false` only tells of it.
   */
  readonly nameConflictResolution?: boolean
  /**
   * How long changes of membership are gathered before `on` tells of them, from the first one on. An
   * agent has 3,000. 0 tells each at once.
   */
  readonly coalescePeriodMs?: Millis
  /** After how long without another one they are told earlier. An agent has 1,000. */
  readonly quiescentPeriodMs?: Millis
  /** As `coalescePeriodMs`, for user events that say `coalesce`. An agent has 3,000. */
  readonly userCoalescePeriodMs?: Millis
  /** As `quiescentPeriodMs`, for user events that say `coalesce`. An agent has 1,000. */
  readonly userQuiescentPeriodMs?: Millis
}

export type ResolvedSerfOptions = Readonly<Required<SerfOptions>>

const DEFAULTS: ResolvedSerfOptions = {
  leavePropagateDelayMs: 1_000,
  reapIntervalMs: 15_000,
  reconnectIntervalMs: 30_000,
  reconnectTimeoutMs: 86_400_000,
  tombstoneTimeoutMs: 86_400_000,
  recentIntentTimeoutMs: 300_000,
  queueCheckIntervalMs: 30_000,
  queueDepthMax: 4_096,
  userEventBytesMax: 512,
  queryBytesMax: 1_024,
  queryResponseBytesMax: 1_024,
  queryTimeoutMult: 16,
  nameConflictResolution: true,
  coalescePeriodMs: 0,
  quiescentPeriodMs: 0,
  userCoalescePeriodMs: 0,
  userQuiescentPeriodMs: 0,
}

export type NumericOption = Exclude<keyof SerfOptions, 'nameConflictResolution'>

/** What each option may be. */
export const SERF_RANGES: Readonly<Record<NumericOption, readonly [min: number, max: number]>> = {
  leavePropagateDelayMs: [0, 600_000],
  reapIntervalMs: [1, 3_600_000],
  reconnectIntervalMs: [1, 3_600_000],
  reconnectTimeoutMs: [1, 31_536_000_000],
  tombstoneTimeoutMs: [1, 31_536_000_000],
  recentIntentTimeoutMs: [1, 31_536_000_000],
  queueCheckIntervalMs: [1, 3_600_000],
  queueDepthMax: [16, 1_048_576],
  userEventBytesMax: [64, 9_216],
  queryBytesMax: [128, 65_507],
  queryResponseBytesMax: [128, 65_000],
  queryTimeoutMult: [1, 1_000],
  coalescePeriodMs: [0, 3_600_000],
  quiescentPeriodMs: [0, 3_600_000],
  userCoalescePeriodMs: [0, 3_600_000],
  userQuiescentPeriodMs: [0, 3_600_000],
}

/**
 * @param path prefix for the option's name in an error, such as `serf.`.
 * @throws {OptionError} naming the first option out of range.
 */
export function resolveSerfOptions(options: SerfOptions = {}, path = ''): ResolvedSerfOptions {
  const given = Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  )
  const resolved: ResolvedSerfOptions = { ...DEFAULTS, ...given }
  for (const [option, [min, max]] of Object.entries(SERF_RANGES)) {
    requireWhole(path + option, resolved[option as NumericOption], min, max)
  }
  requireBoolean(`${path}nameConflictResolution`, resolved.nameConflictResolution)
  requireWindows(resolved, path)
  return Object.freeze(resolved)
}

/** @throws {OptionError} naming a period that is given without its other one. */
function requireWindows(options: ResolvedSerfOptions, path: string): void {
  for (const [period, quiescent] of [
    ['coalescePeriodMs', 'quiescentPeriodMs'],
    ['userCoalescePeriodMs', 'userQuiescentPeriodMs'],
  ] as const) {
    if (options[period] > 0 === options[quiescent] > 0) continue
    const [missing, given] = options[period] > 0 ? [quiescent, period] : [period, quiescent]
    throw new OptionError(path + missing, `above 0 where ${given} is`, options[missing])
  }
}
