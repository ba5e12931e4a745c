/**
 * Milliseconds. Points in time are read from a clock that never goes back and starts
 * anywhere; only differences between two of them mean something. May have a fraction.
 */
export type Millis = number

/** The earliest of those that are set. */
export function soonestMs(...times: readonly (Millis | undefined)[]): Millis | undefined {
  let soonest: Millis | undefined
  for (const atMs of times) if (atMs !== undefined && atMs < (soonest ?? Infinity)) soonest = atMs
  return soonest
}
