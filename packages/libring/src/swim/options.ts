import { requireWhole } from '../base/require.ts'
import type { Millis } from '../base/time.ts'

/** Timing and sizes of the gossip protocol. Names follow memberlist's. */
export interface SwimOptions {
  /** How long a stream may take, dial to answer. 100 to 600,000. */
  readonly streamTimeoutMs?: Millis
  /** Members asked to ping on our behalf when a direct ping goes unanswered. 0 to 64. */
  readonly indirectChecks?: number
  /** A broadcast is sent this times ceil(log10(members + 1)). 1 to 64. */
  readonly retransmitMult?: number
  /**
   * The shortest suspicion is this times log10(members), which counts as 1 at least, times
   * `probeIntervalMs`. 1 to 64.
   */
  readonly suspicionMult?: number
  /** The longest suspicion is this times the shortest. 1 to 64. */
  readonly suspicionMaxTimeoutMult?: number
  /** Mean time between two push/pulls in a small cluster; 0 turns them off. 0 to 3,600,000. */
  readonly pushPullIntervalMs?: Millis
  /** How long a direct ping may take before others are asked. 1 to 600,000. */
  readonly probeTimeoutMs?: Millis
  /** Time from one probe to the next. 1 to 600,000. */
  readonly probeIntervalMs?: Millis
  /** Health scores run from 0 to this less one. 1 to 64. */
  readonly awarenessMaxMult?: number
  /** Members that each gossip round goes to. 1 to 64. */
  readonly gossipNodes?: number
  /** Time between gossip rounds. 1 to 600,000. */
  readonly gossipIntervalMs?: Millis
  /** How long the dead are still gossiped to, and kept in the table. 0 to 86,400,000. */
  readonly gossipToTheDeadMs?: Millis
  /**
   * How long a dead member's name is kept from another address, which then has to answer to it; 0
   * keeps it for ever. 0 to 86,400,000.
   */
  readonly deadNodeReclaimMs?: Millis
  /** How long to wait until a farewell or new tags have been spread. 1 to 600,000. */
  readonly broadcastTimeoutMs?: Millis
  /** Most bytes of gossip in one datagram, but for its checksum, which takes 5. 512 to 65,502. */
  readonly packetBytesMax?: number
}

/** Options with every default filled in and every range checked. */
export type ResolvedSwimOptions = Readonly<Required<SwimOptions>> & {
  /** Compress what we send, as agents do by default. What we receive may be either. */
  readonly compression: boolean
}

/** Three sets of defaults, the same as memberlist's. */
export type Profile = 'lan' | 'wan' | 'local'

const LAN: ResolvedSwimOptions = {
  streamTimeoutMs: 10_000,
  indirectChecks: 3,
  retransmitMult: 4,
  suspicionMult: 4,
  suspicionMaxTimeoutMult: 6,
  pushPullIntervalMs: 30_000,
  probeTimeoutMs: 500,
  probeIntervalMs: 1_000,
  awarenessMaxMult: 8,
  gossipNodes: 3,
  gossipIntervalMs: 200,
  gossipToTheDeadMs: 30_000,
  deadNodeReclaimMs: 0,
  broadcastTimeoutMs: 5_000,
  packetBytesMax: 1_400,
  compression: true,
}

/** @see memberlist config.go `DefaultLANConfig`, `DefaultWANConfig`, `DefaultLocalConfig`. */
export const PROFILES: Readonly<Record<Profile, ResolvedSwimOptions>> = {
  lan: LAN,
  wan: {
    ...LAN,
    streamTimeoutMs: 30_000,
    suspicionMult: 6,
    pushPullIntervalMs: 60_000,
    probeTimeoutMs: 3_000,
    probeIntervalMs: 5_000,
    gossipNodes: 4,
    gossipIntervalMs: 500,
    gossipToTheDeadMs: 60_000,
  },
  local: {
    ...LAN,
    streamTimeoutMs: 1_000,
    indirectChecks: 1,
    retransmitMult: 2,
    suspicionMult: 3,
    pushPullIntervalMs: 15_000,
    probeTimeoutMs: 200,
    gossipIntervalMs: 100,
    gossipToTheDeadMs: 15_000,
  },
}

/** What each option may be. */
export const SWIM_RANGES: Readonly<Record<keyof SwimOptions, readonly [min: number, max: number]>> =
  {
    streamTimeoutMs: [100, 600_000],
    indirectChecks: [0, 64],
    retransmitMult: [1, 64],
    suspicionMult: [1, 64],
    suspicionMaxTimeoutMult: [1, 64],
    pushPullIntervalMs: [0, 3_600_000],
    probeTimeoutMs: [1, 600_000],
    probeIntervalMs: [1, 600_000],
    awarenessMaxMult: [1, 64],
    gossipNodes: [1, 64],
    gossipIntervalMs: [1, 600_000],
    gossipToTheDeadMs: [0, 86_400_000],
    deadNodeReclaimMs: [0, 86_400_000],
    broadcastTimeoutMs: [1, 600_000],
    packetBytesMax: [512, 65_502],
  }

/**
 * A profile with some of its values replaced.
 *
 * @param path prefix for the option's name in an error, such as `serf.`.
 * @throws {OptionError} naming the first option out of range.
 */
export function resolveSwimOptions(
  profile: Profile,
  options: SwimOptions & { readonly compression?: boolean } = {},
  path = '',
): ResolvedSwimOptions {
  const given = Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  )
  const resolved: ResolvedSwimOptions = { ...PROFILES[profile], ...given }
  for (const [option, [min, max]] of Object.entries(SWIM_RANGES)) {
    requireWhole(path + option, resolved[option as keyof SwimOptions], min, max)
  }
  return Object.freeze(resolved)
}
