import type { SerfStats } from '../serf/stats.ts'
import type { PeerStats } from './peer-stats.ts'

/** Plain counters since the start; they only grow. */
export interface GossipStats extends SerfStats {
  /** Streams dropped because too many were open. */
  readonly streamsRefused: number
  /** Streams dialled by others and dropped because their time was over. */
  readonly streamsTimedOut: number
  /** Of the peer channel. */
  readonly peers: PeerStats
}
