import { PEER_FAULTS, type PeerFault } from '../wire/peer.ts'

/** Plain counters of the peer channel since the start; they only grow. */
export interface PeerStats {
  /** Requests of ours for which a stream was dialled. */
  dialled: number
  /** Requests of ours that were answered in full. */
  answered: number
  /** Requests of ours that were over before: by an error, the network, an abort. */
  failed: number
  /** Requests of others that a handler was called for. */
  served: number
  /** Requests and streams of others turned away, since too many were under way or nobody serves them. */
  refused: number
  /** Requests, ours and others', whose time was over. */
  timedOut: number
  /** Streams dropped for what came over them, by reason. */
  readonly faults: Record<PeerFault, number>
}

export function newPeerStats(): PeerStats {
  return {
    dialled: 0,
    answered: 0,
    failed: 0,
    served: 0,
    refused: 0,
    timedOut: 0,
    faults: Object.fromEntries(PEER_FAULTS.map((fault) => [fault, 0])) as Record<PeerFault, number>,
  }
}
