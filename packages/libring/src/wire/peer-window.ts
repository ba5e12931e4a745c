import { PEER_CHUNK_BYTES_MAX } from './peer.ts'

// Whoever reads a body sets the pace. Each end begins with credit for one window. A chunk uses up
// its bytes and a little more; what the reader took out, it gives back as credit. So what is under
// way in one direction, in sockets and in the reader's queue, never exceeds one window.

/** What a chunk uses up besides its bytes, so that tiny ones cannot fill the memory. */
export const PEER_CHUNK_COST_BYTES = 256

/** How much may be under way in one direction: four of the largest chunks. */
export const PEER_WINDOW_BYTES: number = 4 * (PEER_CHUNK_BYTES_MAX + PEER_CHUNK_COST_BYTES)

/** The credit of the end that sends. */
export class SendWindow {
  #left = PEER_WINDOW_BYTES

  /** What was sent and not yet given back. */
  get usedBytes(): number {
    return PEER_WINDOW_BYTES - this.#left
  }

  /**
   * How many of `length` bytes may go into a chunk now; 0 when the reader has to catch up first.
   * Always as many as a chunk holds, so that a slow reader does not make for tiny ones.
   */
  next(length: number): number {
    const bytes = Math.min(length, PEER_CHUNK_BYTES_MAX)
    return bytes + PEER_CHUNK_COST_BYTES <= this.#left ? bytes : 0
  }

  spend(bytes: number): void {
    this.#left -= bytes + PEER_CHUNK_COST_BYTES
  }

  /** Take credit in. Whether it is as much as was used, at most. */
  refill(bytes: number): boolean {
    if (bytes < 1 || bytes > this.usedBytes) return false
    this.#left += bytes
    return true
  }
}

/** The credit that the end which reads has given, and owes. */
export class ReceiveWindow {
  #left = PEER_WINDOW_BYTES
  #owed = 0

  /** A chunk came. Whether there was credit for it. */
  admit(bytes: number): boolean {
    this.#left -= bytes + PEER_CHUNK_COST_BYTES
    return this.#left >= 0
  }

  /** A chunk was taken out. The credit to give now; 0 while it is too little for a frame. */
  release(bytes: number): number {
    this.#owed += bytes + PEER_CHUNK_COST_BYTES
    if (this.#owed < PEER_WINDOW_BYTES / 2) return 0
    const credit = this.#owed
    this.#owed = 0
    this.#left += credit
    return credit
  }
}
