/**
 * Lamport times run from 0 to this less one. Serf counts in 64 bits and wraps; half of that is
 * out of reach for any honest cluster, so a time beyond it is a forgery, or follows one, and counts as
 * the last one before it.
 */
export const LTIME_LIMIT: bigint = 1n << 63n

/** The last time there is. */
export const LTIME_LAST: bigint = LTIME_LIMIT - 1n

/**
 * A logical clock: whatever is stamped after a message was seen is later than that message.
 *
 * @see Lamport, Time, Clocks, and the Ordering of Events (1978); serf lamport.go.
 */
export class LamportClock {
  // Serf spends the first tick when a clock is made, so 0 means "never seen" on the wire.
  #time = 1n

  /** The stamp for the next message. */
  get time(): bigint {
    return this.#time
  }

  /** Take one stamp: the time as it is, which the clock then leaves behind. */
  stamp(): bigint {
    const time = this.#time
    this.witness(time)
    return time
  }

  /** Move to where another member's clock stands: beyond the last message that it knows. */
  witnessBefore(time: bigint): void {
    if (time > 0n) this.witness(time - 1n)
  }

  /** Move beyond `seen`. At the end of time the clock stands still rather than wrap. */
  witness(seen: bigint): void {
    if (seen >= this.#time) this.#time = later(seen)
  }
}

/** The time after `time`, or the last there is. */
export function later(time: bigint): bigint {
  return time < LTIME_LAST ? time + 1n : LTIME_LAST
}
