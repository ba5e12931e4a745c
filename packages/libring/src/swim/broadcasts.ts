import { Fifo } from '../base/fifo.ts'
import { BroadcastTier, type Queued } from './broadcast-tier.ts'

/** One message to be spread by gossip. */
export interface Broadcast {
  readonly bytes: Uint8Array
  /** A later broadcast of the same key replaces this one. */
  readonly key?: string
  /** Given back by `takeFinished` once this one was sent often enough, replaced or dropped. */
  readonly ticket?: number
}

interface QueuedBroadcast extends Broadcast, Queued {}

/**
 * Messages waiting to be laid into packets, each a limited number of times.
 *
 * Those sent least go first; among equals the longest, as it is the hardest to fit; then the
 * newest. Queueing one costs the same however many wait.
 *
 * @see SWIM section 4.1; memberlist queue.go `TransmitLimitedQueue`.
 */
export class Broadcasts {
  /** By transmissions, fewest first. */
  readonly #tiers: BroadcastTier<QueuedBroadcast>[] = []
  readonly #byKey = new Map<string, QueuedBroadcast>()
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
    const order = this.#order++
    const queued = { ...broadcast, order, transmissions: 0, isDropped: false }
    if (key !== undefined) this.#byKey.set(key, queued)
    this.#tier(0).add(queued)
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
    // In a cluster at rest this is so many times a second.
    if (this.#size === 0) return []
    const taken: QueuedBroadcast[] = []
    let room = bytesMax - overheadBytes
    for (const tier of this.#tiers) {
      while (taken.length < countMax) {
        const queued = tier.takeLongest(room)
        if (queued === undefined) break
        taken.push(queued)
        room -= queued.bytes.length + overheadBytes
      }
    }
    for (const queued of taken) this.#sent(queued, transmitLimit)
    return taken.map((queued) => queued.bytes)
  }

  /** Drop the messages sent most until at most `sizeMax` are left. */
  prune(sizeMax: number): void {
    // Nearly always there is nothing to drop, and nobody waits for the list of what could be.
    if (this.#size <= sizeMax) return
    for (let at = this.#tiers.length - 1; at >= 0; at--) {
      for (const queued of this.#tiers[at]!.shortestFirst()) {
        if (this.#size <= sizeMax) return
        this.#drop(queued)
      }
    }
  }

  /** The ticket of one broadcast that is over, or `undefined` when there is none to tell. */
  takeFinished(): number | undefined {
    return this.#finished.take()
  }

  #sent(queued: QueuedBroadcast, transmitLimit: number): void {
    queued.transmissions++
    if (queued.transmissions < transmitLimit) this.#tier(queued.transmissions).add(queued)
    else this.#finish(queued)
  }

  #tier(transmissions: number): BroadcastTier<QueuedBroadcast> {
    while (this.#tiers.length <= transmissions) this.#tiers.push(new BroadcastTier())
    return this.#tiers[transmissions]!
  }

  #drop(queued: QueuedBroadcast): void {
    this.#tiers[queued.transmissions]!.drop(queued)
    this.#finish(queued)
  }

  #finish(queued: QueuedBroadcast): void {
    this.#size--
    const { key, ticket } = queued
    if (key !== undefined && this.#byKey.get(key) === queued) this.#byKey.delete(key)
    if (ticket !== undefined) this.#finished.push(ticket)
  }
}
