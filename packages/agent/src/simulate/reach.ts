/** After how many ms of virtual time so many were reached; `null` where that took longer than waited. */
export interface Reach {
  readonly halfMs: number | null
  readonly mostMs: number | null
  readonly allMs: number | null
  /** How long was waited at most. */
  readonly limitMs: number
}

/** The part that counts as most. */
export const MOST = 0.99

/**
 * @param timesMs when each was reached, in order; those not reached are not among them.
 * @param count how many there are to be reached.
 */
export function reachOf(timesMs: readonly number[], count: number, limitMs: number): Reach {
  const after = (part: number): number | null => {
    return timesMs[Math.max(1, Math.ceil(part * count)) - 1] ?? null
  }
  return { halfMs: after(0.5), mostMs: after(MOST), allMs: after(1), limitMs }
}

/** The middle one, or of two the lower. @param values at least one, in any order. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right)
  return sorted[Math.floor((sorted.length - 1) / 2)]!
}
