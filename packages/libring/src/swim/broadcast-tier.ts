/** What a tier needs to know of a message. */
export interface Queued {
  readonly bytes: Uint8Array
  /** Grows with every message queued. */
  readonly order: number
  /** How often it was handed out. */
  transmissions: number
  /** Dropped while it waited: still in its place, but not to be handed out. */
  isDropped: boolean
}

/** Dropped messages that may stay in their places before a tier is cleared of them. */
const DROPPED_MAX = 64

/** Messages handed out equally often: longest first, and of one length the newest first. */
export class BroadcastTier<T extends Queued> {
  /** By length; in each the newest last, where it is taken from. */
  readonly #byLength = new Map<number, T[]>()
  /** Every length there is, longest first. A packet bounds how many. */
  readonly #lengths: number[] = []
  #size = 0
  #dropped = 0

  add(queued: T): void {
    const { length } = queued.bytes
    const alike = this.#byLength.get(length)
    if (alike === undefined) {
      this.#byLength.set(length, [queued])
      this.#lengths.splice(this.#firstOfAtMost(length), 0, length)
    } else {
      alike.splice(firstNewer(alike, queued.order), 0, queued)
    }
    this.#size++
  }

  /** Remove and return the longest message of at most `length` bytes, the newest of its kind. */
  takeLongest(length: number): T | undefined {
    for (let at = this.#firstOfAtMost(length); at < this.#lengths.length;) {
      const alike = this.#byLength.get(this.#lengths[at]!)!
      const queued = alike.pop()
      if (alike.length === 0) {
        this.#byLength.delete(this.#lengths[at]!)
        this.#lengths.splice(at, 1)
      }
      if (queued === undefined) continue
      this.#size--
      if (!queued.isDropped) return queued
      this.#dropped--
    }
    return undefined
  }

  /** Hand this message out no more. */
  drop(queued: T): void {
    queued.isDropped = true
    this.#dropped++
    if (this.#dropped > DROPPED_MAX && this.#dropped > this.#size / 2) this.#clear()
  }

  /** Every message that is not dropped, shortest first, of one length the oldest first. */
  shortestFirst(): T[] {
    return this.#lengths
      .toReversed()
      .flatMap((length) => this.#byLength.get(length)!)
      .filter(({ isDropped }) => !isDropped)
  }

  #clear(): void {
    const kept = this.shortestFirst()
    this.#byLength.clear()
    this.#lengths.length = 0
    this.#size = 0
    this.#dropped = 0
    for (const queued of kept) this.add(queued)
  }

  #firstOfAtMost(length: number): number {
    let low = 0
    let high = this.#lengths.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#lengths[middle]! <= length) high = middle
      else low = middle + 1
    }
    return low
  }
}

/** Where in `alike`, oldest first, the messages newer than `order` begin. */
function firstNewer(alike: readonly Queued[], order: number): number {
  let low = 0
  let high = alike.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (alike[middle]!.order > order) high = middle
    else low = middle + 1
  }
  return low
}
