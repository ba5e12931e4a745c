import type { MemberEvent } from '../base/member.ts'
import type { ClusterMember } from '../ownership/cluster-member.ts'
import type { Ring } from '../ring/ring.ts'

/** Views that are remembered: the latest. What a partition went through before, is not known. */
const VIEWS_MAX = 16

/** The holders of a partition became others, in the plan. */
export interface PlannedMove {
  /** Number of the view it came with. */
  readonly epoch: number
  /** When, in milliseconds since 1970 by the local clock. */
  readonly atMs: number
  /** Names of the holders before and since, primary first. */
  readonly from: readonly string[]
  readonly to: readonly string[]
  /** The changes of membership that led to it. */
  readonly cause: readonly MemberEvent[]
}

interface Remembered {
  readonly epoch: number
  readonly atMs: number
  readonly ring: Ring<ClusterMember>
  readonly cause: readonly MemberEvent[]
}

/** The latest views, from which can be told what a partition has gone through. */
export class History {
  readonly #views: Remembered[] = []

  record(view: Remembered): void {
    this.#views.push(view)
    if (this.#views.length > VIEWS_MAX) this.#views.shift()
  }

  /** The latest moves of the partition, the oldest first. */
  movesOf(partition: number): readonly PlannedMove[] {
    const moves: PlannedMove[] = []
    let [before] = this.#views
    for (const view of this.#views.slice(1)) {
      const [from, to] = [before!, view].map(({ ring }) => {
        return ring.holdersForPartition(partition).map(({ name }) => name)
      })
      const { epoch, atMs, cause } = view
      if (!sameList(from!, to!)) moves.push({ epoch, atMs, from: from!, to: to!, cause })
      before = view
    }
    return moves
  }
}

function sameList(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((name, index) => name === right[index])
}
