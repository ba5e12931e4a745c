import { Fifo } from '../base/fifo.ts'

/** One message to be spread by gossip. */
export interface Broadcast {
  readonly bytes: Uint8Array
  /** A later broadcast of the same key replaces this one. */
  readonly key?: string
  /** Given back by `takeFinished` once this one was sent often enough, replaced or dropped. */
  readonly ticket?: number
}

interface Queued extends Broadcast {
  /** Grows with every broadcast queued. */
  readonly order: number
  /** How often it was handed out. */
  transmissions: number
}

/**
 * Messages waiting to be laid into packets, each a limited number of times.
 *
 * Those sent least go first; among equals the longest, as it is the hardest to fit; then the
 * newest.
 *
 * @see SWIM section 4.1; memberlist queue.go `TransmitLimitedQueue`.
 */
export class Broadcasts {
  /** By transmissions, fewest first; within a tier in the order they are handed out. */
  readonly #tiers: Queued[][] = []
  readonly #byKey = new Map<string, Queued>()
  readonly #finished = new Fifo<number>()
  #order = 0
  #size = 0

  /** Broadcasts waiting. */
  get size(): number {
    return this.#size
  }

  queue(broadcast: Broadcast): void {
    const { key } = broadcast
    if (key !== undefined) {
      const older = this.#byKey.get(key)
      if (older !== undefined) this.#drop(older)
    }
    const queued: Queued = { ...broadcast, order: this.#order++, transmissions: 0 }
    if (key !== undefined) this.#byKey.set(key, queued)
    this.#insert(queued)
    this.#size++
  }

  /**
   * Messages for one packet.
   *
   * @param bytesMax room in the packet; each message costs its length plus `overheadBytes`.
   * @param transmitLimit how often a message is handed out in all. At least once.
   * @param countMax most messages to hand out.
   */
  take(
    bytesMax: number,
    overheadBytes: number,
    transmitLimit: number,
    countMax = 255,
  ): Uint8Array[] {
    const taken: Queued[] = []
    let room = bytesMax - overheadBytes
    for (const tier of this.#tiers) {
      // A tier is sorted longest first, so one pass finds the longest that still fits.
      let at = firstFitting(tier, room)
      let kept = at
      for (; at < tier.length && taken.length < countMax; at++) {
        const queued = tier[at]!
        if (queued.bytes.length > room) {
          if (tier.at(-1)!.bytes.length > room) break
          tier[kept++] = queued
        } else {
          taken.push(queued)
          room -= queued.bytes.length + overheadBytes
        }
      }
      tier.splice(kept, at - kept)
    }
    for (const queued of taken) this.#sent(queued, transmitLimit)
    return taken.map((queued) => queued.bytes)
  }

  /** Drop the messages sent most until at most `sizeMax` are left. */
  prune(sizeMax: number): void {
    for (let at = this.#tiers.length - 1; at >= 0 && this.#size > sizeMax; at--) {
      const tier = this.#tiers[at]!
      while (tier.length > 0 && this.#size > sizeMax) this.#drop(tier.at(-1)!)
    }
  }

  /** The ticket of one broadcast that is over, or `undefined` when there is none to tell. */
  takeFinished(): number | undefined {
    return this.#finished.take()
  }

  #sent(queued: Queued, transmitLimit: number): void {
    queued.transmissions++
    if (queued.transmissions < transmitLimit) this.#insert(queued)
    else this.#finish(queued)
  }

  #insert(queued: Queued): void {
    while (this.#tiers.length <= queued.transmissions) this.#tiers.push([])
    const tier = this.#tiers[queued.transmissions]!
    let low = 0
    let high = tier.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (goesBefore(queued, tier[middle]!)) high = middle
      else low = middle + 1
    }
    tier.splice(low, 0, queued)
  }

  #drop(queued: Queued): void {
    const tier = this.#tiers[queued.transmissions]!
    tier.splice(tier.indexOf(queued), 1)
    this.#finish(queued)
  }

  #finish(queued: Queued): void {
    this.#size--
    const { key, ticket } = queued
    if (key !== undefined && this.#byKey.get(key) === queued) this.#byKey.delete(key)
    if (ticket !== undefined) this.#finished.push(ticket)
  }
}

/** Where in a tier the messages of at most `length` bytes begin. */
function firstFitting(tier: readonly Queued[], length: number): number {
  let low = 0
  let high = tier.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (tier[middle]!.bytes.length <= length) high = middle
    else low = middle + 1
  }
  return low
}

function goesBefore(left: Queued, right: Queued): boolean {
  if (left.bytes.length !== right.bytes.length) return left.bytes.length > right.bytes.length
  return left.order > right.order
}
