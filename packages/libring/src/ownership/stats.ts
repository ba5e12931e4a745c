/** Plain counters of hand-offs; they only grow. */
export interface OwnershipStats {
  /** Partitions taken though a member had said nothing about them in time. */
  readonly takenFromSilence: number
  /** Partitions taken though another member was taking them too, for as long. */
  readonly takenFromDeadlock: number
  /** Times that another member was found to hold what the local one held. */
  readonly doubleHolders: number
  /** Partitions that waited for long to be taken, while nobody was known to hold them. */
  readonly orphans: number
  /** Partitions that counted as let go before word came that a handler was done. */
  readonly releasesOverdue: number
  /** Backups let go before all newcomers had said that they have the partition. */
  readonly partingsOverdue: number
  /** Messages of other members that came late or twice. */
  readonly messagesStale: number
}

export function noOwnershipStats(): { -readonly [K in keyof OwnershipStats]: OwnershipStats[K] } {
  return {
    takenFromSilence: 0,
    takenFromDeadlock: 0,
    doubleHolders: 0,
    orphans: 0,
    releasesOverdue: 0,
    partingsOverdue: 0,
    messagesStale: 0,
  }
}
