import type { Address } from '../base/address.ts'

/** Indirect pings that can be under way for others at one time. Further requests are dropped. */
export const RELAYS_MAX = 1_024

/** A ping we sent because another member asked us to. */
export interface Relay {
  /** Who asked. */
  readonly requester: Address
  /** The requester's own number for the ping. */
  readonly requesterSeq: number
  /** Whether the requester wants to hear of silence. */
  readonly nack: boolean
}

/** Pings made on behalf of others, by our own sequence number. */
export class Relays {
  readonly #bySeq = new Map<number, Relay>()

  /** False when too many are under way. */
  add(seq: number, relay: Relay): boolean {
    if (this.#bySeq.size >= RELAYS_MAX) return false
    this.#bySeq.set(seq, relay)
    return true
  }

  /** Remove and return the relay of `seq`, once. */
  take(seq: number): Relay | undefined {
    const relay = this.#bySeq.get(seq)
    this.#bySeq.delete(seq)
    return relay
  }
}
