import { utf8Length } from '../base/bytes.ts'
import type { Millis } from '../base/time.ts'
import type { LamportClock } from './lamport.ts'
import { encodeSerf } from './message-codec.ts'
import type { EventsAt, UserEvent, UserEventContent } from './messages.ts'
import type { Outlet } from './outlet.ts'
import { countSighting, eventKey, SeenMessages, SLOTS } from './seen.ts'

interface Slot extends EventsAt {
  readonly events: { readonly name: string; readonly payload: Uint8Array }[]
}

/**
 * User events: which came by already, and those of the last 512 times, for members that missed
 * them. What is kept of them is bounded as a whole.
 *
 * @see serf serf.go `UserEvent`, `handleUserEvent`; delegate.go `MergeRemoteState`.
 */
export class UserEvents {
  readonly #outlet: Outlet
  readonly #bytesMax: number
  readonly #recent: (Slot | undefined)[] = Array.from({ length: SLOTS }, () => undefined)
  readonly #seen = new SeenMessages((at) => {
    this.#recent[at] = undefined
  })
  #sinceLTime = 0n

  /** @param bytesMax of name and payload together, and of the message as it is sent. */
  constructor(outlet: Outlet, bytesMax: number) {
    this.#outlet = outlet
    this.#bytesMax = bytesMax
  }

  get clock(): LamportClock {
    return this.#seen.clock
  }

  /** The last time of which nothing is told, by `ignoreBefore`. */
  get ignoredUntil(): bigint {
    return this.#sinceLTime === 0n ? 0n : this.#sinceLTime - 1n
  }

  /** From now on, earlier events are not told. */
  ignoreBefore(ltime: bigint): void {
    if (ltime > this.#sinceLTime) this.#sinceLTime = ltime
  }

  /** Tell everybody, ourselves included. Returns why not, or `undefined` when it is on its way. */
  send({ name, payload, coalesce }: UserEventContent, nowMs: Millis): string | undefined {
    const limit = `exceeds configured limit of ${this.#bytesMax} bytes`
    if (utf8Length(name) + payload.length > this.#bytesMax) {
      return `user event ${limit} before encoding`
    }
    const event = { type: 'user-event', ltime: this.clock.time, name, payload, coalesce } as const
    const bytes = encodeSerf(event)
    if (bytes.length > this.#bytesMax) return `encoded user event ${limit} after encoding`
    if (!this.#outlet.spread('events', bytes)) return 'user event does not fit into a packet'
    this.#outlet.announce(bytes, nowMs)
    this.#take(event)
    return undefined
  }

  /** @param bytes the message as it came, to be passed along when it is news. */
  hear(event: UserEvent, bytes: Uint8Array): void {
    if (this.#take(event)) this.#outlet.passAlong('events', bytes)
  }

  /** Take in the events that another member remembers. Nothing of it is passed along. */
  merge(remembered: readonly EventsAt[]): void {
    for (const { ltime, events } of remembered) {
      for (const { name, payload } of events) {
        this.#take({ type: 'user-event', ltime, name, payload, coalesce: false })
      }
    }
  }

  /** Events of the last times, in no order. */
  recent(): EventsAt[] {
    return this.#recent.filter((slot) => slot !== undefined)
  }

  /** Tell of an event, once. False when it is no news. */
  #take({ ltime, name, payload, coalesce }: UserEvent): boolean {
    if (ltime < this.#sinceLTime) {
      this.clock.witness(ltime)
      this.#outlet.stats.beforeJoin++
      return false
    }
    const sighting = this.#seen.admit(ltime, eventKey({ name, payload }))
    if (!countSighting(sighting, this.#outlet.stats)) return false
    this.#remember(ltime, name, payload.slice())
    // Not the copy that is remembered: whoever is told may write to it.
    const told = payload.slice()
    this.#outlet.tell({ type: 'user-event', ltime, name, payload: told, coalesce })
    return true
  }

  #remember(ltime: bigint, name: string, payload: Uint8Array): void {
    const slot = (this.#recent[Number(ltime % BigInt(SLOTS))] ??= { ltime, events: [] })
    slot.events.push({ name, payload })
  }
}
