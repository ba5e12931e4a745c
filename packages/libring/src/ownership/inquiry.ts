import type { Millis } from '../base/time.ts'

/** What one member is asked, and how it answers, while there is anything to ask it. */
export interface Inquiry {
  readonly name: string
  /** Partitions for which it has yet to give an answer that counts. */
  readonly pending: Set<number>
  /**
   * Of these, the ones of which it says that it has nothing to do with them, in another view; and
   * whether that was before the exchange of members that is under way with it.
   */
  readonly unmerged: Map<number, 'before' | 'since'>
  /** Partitions for which it waits for us as well, with the questions asked since that is known. */
  readonly mutual: Map<number, number>
  /** Questions since it was last heard of. */
  asksInVain: number
  /** When the last of these was asked. Others follow sooner when more is wanted. */
  countedAtMs: Millis
  nextAskMs: Millis
  /** Whether it was asked for something that is not wanted any more. */
  isOutdated: boolean
  /** When it is asked next, as it was tallied. */
  dueMs: Millis | undefined
  /** Whether members are to be exchanged with it. */
  isToMerge: boolean
}

export function newInquiry(name: string, nowMs: Millis): Inquiry {
  return {
    name,
    pending: new Set(),
    unmerged: new Map(),
    mutual: new Map(),
    asksInVain: 0,
    countedAtMs: -Infinity,
    nextAskMs: nowMs,
    isOutdated: false,
    dueMs: undefined,
    isToMerge: false,
  }
}

/** What it said of the partition out of another view is of no interest any more. */
export function dropUnmerged(inquiry: Inquiry, partition: number): void {
  if (inquiry.unmerged.delete(partition) && inquiry.unmerged.size === 0) inquiry.isToMerge = false
}
