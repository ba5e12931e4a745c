/** Numbers of one kind, from trials that do not depend on each other. */
export type Samples = readonly number[]

/** What a quotient is, and between what it lies by all that is known. */
export interface Ratio {
  readonly value: number
  readonly low: number
  readonly high: number
}

/** How many times samples are drawn anew to see how far a quotient of medians may be off. */
const DRAWS = 2_000

/**
 * The value below which that share of all lies: the least that has at least the share at or below.
 *
 * @param share above 0, at most 1. @returns NaN of no samples.
 */
export function quantile(samples: Samples, share: number): number {
  const sorted = Float64Array.from(samples).toSorted()
  return sorted[Math.max(0, Math.ceil(share * sorted.length - 1e-9) - 1)] ?? NaN
}

/** The middle one, or the mean of the middle two. NaN of no samples. */
export function median(samples: Samples): number {
  const sorted = Float64Array.from(samples).toSorted()
  const middle = sorted.length >> 1
  if (sorted.length % 2 === 1) return sorted[middle]!
  return (sorted[middle - 1]! + sorted[middle]!) / 2
}

/**
 * Median of `ours` over median of `theirs`, with its 95 % interval by the percentile bootstrap:
 * samples are drawn anew from the samples, of each side by itself, and the interval leaves out the
 * 2.5 % of quotients at either end. The same samples and seed give the same interval.
 */
export function ratioOfMedians(ours: Samples, theirs: Samples, seed: number): Ratio {
  if (ours.length === 0 || theirs.length === 0) return { value: NaN, low: NaN, high: NaN }
  const below = drawer(seed)
  const again = (samples: Samples): number[] => samples.map(() => samples[below(samples.length)]!)
  const quotients = Array.from({ length: DRAWS }, () => median(again(ours)) / median(again(theirs)))
  return {
    value: median(ours) / median(theirs),
    low: quantile(quotients, 0.025),
    high: quantile(quotients, 0.975),
  }
}

/** Whole numbers from 0 to below a limit: mulberry32. */
export function drawer(seed: number): (limit: number) => number {
  let state = seed
  return (limit) => {
    state = (state + 0x6d2b_79f5) | 0
    let word = Math.imul(state ^ (state >>> 15), 1 | state)
    word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word
    return ((word ^ (word >>> 14)) >>> 0) % limit
  }
}
