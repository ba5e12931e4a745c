import type { Address } from '../base/address.ts'
import { Allowance } from '../base/allowance.ts'
import { Deadlines } from '../base/deadlines.ts'
import { Fifo } from '../base/fifo.ts'
import type { Millis } from '../base/time.ts'
import type { SwimInput } from '../swim/effects.ts'
import type { SerfEffect } from './effects.ts'
import type { QueueKind, Queues } from './queues.ts'
import type { SerfStats } from './stats.ts'

/** User events and queries in a second that are sent to members besides by gossip. */
const ANNOUNCEMENTS_PER_SECOND = 16

/** Messages in a second that go to one member alone, of all members together, whatever peers send. */
const ERRANDS_PER_SECOND = 16

/** All that the parts of Serf's machine let out: what is told, gossip, and orders for SWIM. */
export class Outlet {
  readonly deadlines: Deadlines = new Deadlines()
  readonly stats: SerfStats
  readonly #queues: Queues
  readonly #effects = new Fifo<SerfEffect>()
  readonly #orders = new Fifo<SwimInput>()
  readonly #announcements = new Allowance(ANNOUNCEMENTS_PER_SECOND)
  readonly #errands = new Allowance(ERRANDS_PER_SECOND)
  #ticket = 0

  constructor(queues: Queues, stats: SerfStats) {
    this.#queues = queues
    this.stats = stats
  }

  /** The oldest effect not yet taken. */
  poll(): SerfEffect | undefined {
    return this.#effects.take()
  }

  tell(effect: SerfEffect): void {
    this.#effects.push(effect)
  }

  /** Have SWIM do something, before anything else happens. */
  order(input: SwimInput): void {
    this.#orders.push(input)
  }

  /** The oldest order not yet carried out. */
  takeOrder(): SwimInput | undefined {
    return this.#orders.take()
  }

  /** A number to know a broadcast by. */
  nextTicket(): number {
    return ++this.#ticket
  }

  /** Spread a message by gossip. False when it was dropped, being too long for a packet. */
  spread(kind: QueueKind, bytes: Uint8Array, ticket?: number): boolean {
    const queued = this.#queues.queue(kind, bytes, ticket)
    if (!queued) this.stats.broadcastsDropped++
    return queued
  }

  /**
   * Send a message of ours, besides by gossip, to all members of a small cluster at once: gossip takes
   * a while, and loses a message now and then. Not where there are many messages, which cost a packet
   * for each member.
   */
  announce(bytes: Uint8Array, nowMs: Millis): void {
    if (this.#announcements.take(1, nowMs)) this.order({ type: 'announce', payload: bytes })
  }

  /** Send a message to the one member that has to know it. */
  bring(payload: Uint8Array, { host, port }: Address, nowMs: Millis): void {
    if (!this.#errands.take(1, nowMs)) return
    this.order({ type: 'direct', to: { host, port }, payload })
  }

  /** Spread a message of another member's, exactly as it came. */
  passAlong(kind: QueueKind, payload: Uint8Array): void {
    // A view of the packet would keep the whole packet in memory.
    if (this.spread(kind, payload.slice())) this.stats.rebroadcasts++
  }
}
