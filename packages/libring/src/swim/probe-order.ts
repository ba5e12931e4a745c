import type { Millis } from '../base/time.ts'
import type { MemberRow, Members } from './members.ts'
import { isPresent } from './standing.ts'

/**
 * Whom to probe next: round robin over the table, shuffled anew after each round, so that a
 * failure is noticed within two rounds and one rest at the most.
 *
 * @see SWIM section 4.3.
 */
export class ProbeOrder {
  #next = 0

  /**
   * The next member present other than `localName`, or `undefined` when there is none. One call looks
   * at as many rows as there are, and the end of a round counts as one of them: who ends a round and
   * begins the next one rests in between, so that groups of two or three send no more than Serf's.
   *
   * @param keepMs how long the dead stay in the table once a round is over.
   */
  next(members: Members, localName: string, keepMs: Millis, nowMs: Millis): MemberRow | undefined {
    for (let lookedAt = 0; lookedAt < members.size; lookedAt++) {
      if (this.#next >= members.size) {
        members.purgeAndShuffle(keepMs, nowMs)
        this.#next = 0
        continue
      }
      const row = members.rows()[this.#next++]!
      if (row.name !== localName && isPresent(row.state)) return row
    }
    return undefined
  }
}
