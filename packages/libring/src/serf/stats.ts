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
  /** User events from before we joined, and queries from before a restart. */
  beforeJoin: number
  /** Times somebody said or knew that we leave, and we said that we do not. */
  leavesRefuted: number
  /** Queries not answered since a filter was none, or would have taken too long. */
  filtersRefused: number
  /** Answers to queries of ours that came after their deadline, or to no query of ours. */
  answersLate: number
  /** Answers that had come before, by another way. */
  answersRepeated: number
  /** Answers to queries of ours that were too long, too many, or acknowledgements not asked for. */
  answersDropped: number
  /** Answers of ours that were not sent: too long, or too many in all, or to who is no member where it says. */
  answersRefused: number
  /** Answers that were passed on for others. */
  relaysPassedOn: number
  /**
   * Answers that were not passed on: not to a member, no answer, too long, or too many. Those of ours
   * that were sent straight, but not through others, too.
   */
  relaysRefused: number
  /** Failed members that were tried again. */
  reconnects: number
  /** Coordinates of others, or times to them, that cannot be true. */
  coordinatesRefused: number
  /** Times our own coordinate was no number any more, and began anew. */
  coordinateResets: number
}

/** How things stand now; these may fall again. */
export interface SerfGauges {
  /** The time that the next message about members would bear; of events and queries likewise. */
  readonly memberTime: bigint
  readonly eventTime: bigint
  readonly queryTime: bigint
  /** Messages about members waiting to be spread; queries and events likewise. */
  readonly intentsQueued: number
  readonly queriesQueued: number
  readonly eventsQueued: number
  /** Lifeguard's health score: 0 is healthy. */
  readonly awareness: number
  /** Whether there are keys. */
  readonly isEncrypted: boolean
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
    filtersRefused: 0,
    answersLate: 0,
    answersRepeated: 0,
    answersDropped: 0,
    answersRefused: 0,
    relaysPassedOn: 0,
    relaysRefused: 0,
    reconnects: 0,
    coordinatesRefused: 0,
    coordinateResets: 0,
  }
}
