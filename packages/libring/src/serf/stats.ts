import type { SwimStats } from '../swim/stats.ts'
import { WIRE_FAULTS, type WireFault } from '../wire/messages.ts'
import type { SerfMessage } from './messages.ts'

/** Plain counters since the start. They only grow. */
export interface SerfStats {
  /** Of the layer below. */
  readonly swim: SwimStats
  /** Messages from peers by type, whether or not they were news. */
  readonly received: Record<SerfMessage['type'], number>
  /** Messages from peers that were dropped, by reason. */
  readonly faults: Record<WireFault, number>
  /** Messages of others that were queued to be passed along. */
  rebroadcasts: number
  /** Messages that were not passed along since there was no room for them. */
  broadcastsDropped: number
  /** User events and queries that had come by before. */
  seenBefore: number
  /** User events and queries from too long ago to tell. */
  tooOld: number
  /** User events from before we joined. */
  beforeJoin: number
  /** Times somebody said or knew that we leave, and we said that we do not. */
  leavesRefuted: number
  /** Failed members that were tried again. */
  reconnects: number
  /** Coordinates of others, or times to them, that cannot be true. */
  coordinatesRefused: number
  /** Times our own coordinate was no number any more, and began anew. */
  coordinateResets: number
}

export function newSerfStats(swim: SwimStats): SerfStats {
  return {
    swim,
    received: {
      leave: 0,
      join: 0,
      'push-pull': 0,
      'user-event': 0,
      query: 0,
      'query-response': 0,
      'conflict-response': 0,
      'key-request': 0,
      'key-response': 0,
      relay: 0,
    },
    faults: Object.fromEntries(WIRE_FAULTS.map((fault) => [fault, 0])) as Record<WireFault, number>,
    rebroadcasts: 0,
    broadcastsDropped: 0,
    seenBefore: 0,
    tooOld: 0,
    beforeJoin: 0,
    leavesRefuted: 0,
    reconnects: 0,
    coordinatesRefused: 0,
    coordinateResets: 0,
  }
}
