import type { Millis } from '../base/time.ts'
import type { MemberRow, Members } from './members.ts'
import { isPresent } from './standing.ts'

/**
 * Whom to probe next: round robin over the table, shuffled anew after each round, so that a
 * failure is noticed within two rounds at the most.
 *
 * @see SWIM section 4.3.
 */
export class ProbeOrder {
  #next = 0

  /**
   * The next member present other than `localName`, or `undefined` when there is none.
   *
   * @param keepMs how long the dead stay in the table once a round is over.
   */
  next(members: Members, localName: string, keepMs: Millis, nowMs: Millis): MemberRow | undefined {
    const lookedAtMax = members.size + 1
    for (let lookedAt = 0; lookedAt < lookedAtMax; lookedAt++) {
      if (this.#next >= members.size) {
        members.purgeAndShuffle(keepMs, nowMs)
        this.#next = 0
      }
      const row = members.rows()[this.#next++]
      if (row === undefined) return undefined
      if (row.name !== localName && isPresent(row.state)) return row
    }
    return undefined
  }
}
