import { INBOUND_STREAMS_MAX, UNREAD_BYTES_MAX } from '../../packages/libring/src/gossip/inbound.ts'
import { PEER_STREAMS_MAX } from '../../packages/libring/src/gossip/peer-places.ts'
import { resolveSerfOptions } from '../../packages/libring/src/serf/options.ts'
import { SNAPSHOT_MEMBERS_MAX } from '../../packages/libring/src/serf/snapshot.ts'
import { MEMBERS_MAX } from '../../packages/libring/src/swim/members.ts'
import { KEYS_MAX } from '../../packages/libring/src/wire/keyring.ts'
import { PACKET_INFLATED_BYTES_MAX } from '../../packages/libring/src/wire/packet.ts'
import { PEER_WINDOW_BYTES } from '../../packages/libring/src/wire/peer-window.ts'
import { PEER_FRAME_BYTES_MAX } from '../../packages/libring/src/wire/peer.ts'
import { STREAM_BYTES_MAX } from '../../packages/libring/src/wire/stream.ts'
import type { Kind, WorkLimits } from './life.ts'
import { READS_PER_CHARACTER, STEPS_PER_INSTRUCTION, type WorkKind } from './work.ts'

/** Steps that filters of queries may take at once, when none have been taken for two seconds. */
const FILTER_STEPS_MOST = 2_000_000

/** Steps that a node allows itself for each character of a pattern. */
const STEPS_PER_CHARACTER = 100

/**
 * Most that one input may cost, whatever it is:
 *
 * - a packet yields 4,096 messages and faults;
 * - of its steps for filters a node takes a step for each instruction and each character of the tag,
 *   and 100 for each character of a pattern, so all of them go to the one or to the other;
 * - what is sealed is tried once with each key;
 * - the others are proportional to what is sent here, which is a push/pull of 3,000 members at most.
 */
const LIMITS: WorkLimits = {
  reads: 500_000,
  messages: 4_200,
  effects: 8_000,
  patternReads: (READS_PER_CHARACTER * FILTER_STEPS_MOST) / STEPS_PER_CHARACTER,
  patternSteps: STEPS_PER_INSTRUCTION * FILTER_STEPS_MOST,
  inflatedBytes: STREAM_BYTES_MAX,
  opens: KEYS_MAX,
  bytesOut: 2_000_000,
}

/**
 * Most that a life may hold, by what it holds. Each of three queues is cut at twice its depth; the bodies
 * of peers are within their windows, and what came with them.
 */
const HELD_MOST: Readonly<Record<string, number>> = {
  members: MEMBERS_MAX,
  queued: 3 * 2 * resolveSerfOptions().queueDepthMax,
  streams: INBOUND_STREAMS_MAX,
  unreadBytes: UNREAD_BYTES_MAX,
  snapshotLines: SNAPSHOT_MEMBERS_MAX + 3,
  peerRequests: PEER_STREAMS_MAX,
  peerBytes: PEER_STREAMS_MAX * (PEER_WINDOW_BYTES + PEER_FRAME_BYTES_MAX),
}

/** Most that may be held of that. @throws for what has no limit. */
export function heldLimitOf(what: string): number {
  const limit = HELD_MOST[what]
  if (limit === undefined) throw new Error(`no limit is stated for ${what}`)
  return limit
}

/** Most that an input of this kind may cost of that. */
export function limitOf(kind: Kind, work: WorkKind): number {
  if (work === 'inflatedBytes' && kind.startsWith('packet')) return PACKET_INFLATED_BYTES_MAX
  return LIMITS[work]
}
