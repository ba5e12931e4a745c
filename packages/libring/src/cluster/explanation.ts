import type { MemberEvent } from '../base/member.ts'
import type { ClusterMember } from '../ownership/cluster-member.ts'
import type { Token } from '../ownership/token.ts'
import type { History, PlannedMove } from './history.ts'
import type { RingInSight } from './ring-in-sight.ts'

/** Why a key is where it is, as the local member sees it. */
export interface Explanation {
  readonly partition: number
  /** Who holds it by the plan, primary first; those of its homes that are away are left out. */
  readonly holders: readonly ClusterMember[]
  /** Name of who is to serve it now; `undefined` without ring members. */
  readonly acting: string | undefined
  /** Name of who would serve it if nobody was away. */
  readonly home: string | undefined
  /**
   * Since when its holders are these, in milliseconds since 1970 by the local clock. `undefined`
   * where that was before all of the latest 16 views.
   */
  readonly sinceMs: number | undefined
  /** The changes of membership that led to that. */
  readonly cause: readonly MemberEvent[]
  /** How its holders changed within the latest 16 views, the oldest first. */
  readonly moves: readonly PlannedMove[]
  /** What the local member is to it, which may lag behind the plan; `undefined` for nothing. */
  readonly local: LocalRole | undefined
}

/** What the local member is to a partition that it holds. */
export interface LocalRole {
  /** 0 is the primary. */
  readonly replica: number
  /** Whether whoever deals with the step that took this index is done. */
  readonly isReady: boolean
  /** Whether it is held as primary, and ready. */
  readonly isServing: boolean
  /** Of the holding of index 0. */
  readonly token: Token | undefined
}

export function explain(
  partition: number,
  { ring, homes }: RingInSight,
  history: History,
  local: LocalRole | undefined,
): Explanation {
  const holders = ring.holdersForPartition(partition)
  const moves = history.movesOf(partition)
  const last = moves.at(-1)
  return {
    partition,
    holders,
    acting: holders[0]?.name,
    home: homes.holdersForPartition(partition)[0]?.name,
    sinceMs: last?.atMs,
    cause: last?.cause ?? [],
    moves,
    local,
  }
}
