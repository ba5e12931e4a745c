import { toHex } from '../base/bytes.ts'
import { invariant } from '../base/errors.ts'
import { LamportClock } from './lamport.ts'
import type { SerfStats } from './stats.ts'

/** Times remembered, as in Serf: a message this far behind its clock is too old to judge. */
export const SLOTS = 512

/** What all remembered messages together may cost, each its key's length and this much more. */
const COST_MAX = 4_194_304
const COST_EACH = 64

/** What is to be done with a message: only a `new` one is acted on and passed along. */
export type Sighting = 'new' | 'seen' | 'too-old' | 'full'

interface Slot {
  readonly ltime: bigint
  readonly keys: Set<string>
  cost: number
}

/**
 * Which user events, or which queries, came by already, by Lamport time.
 *
 * One slot for each of the last 512 times; a later time takes the slot of the one 512 before it. Where
 * memory is full, the earliest slots make room for what is later than they are, and whatever else is of
 * their times is too old then: it could be told a second time.
 *
 * @see serf serf.go `handleUserEvent`, `handleQuery`.
 */
export class SeenMessages {
  readonly clock: LamportClock = new LamportClock()
  readonly #slots: (Slot | undefined)[] = Array.from({ length: SLOTS }, () => undefined)
  readonly #onForget: (at: number) => void
  #cost = 0
  /** Everything before it is too old, though the clock may be less than 512 ahead of it. */
  #floor = 0n

  /** @param onForget called with the number of a slot, its time modulo 512, once that is emptied. */
  constructor(onForget: (at: number) => void = () => {}) {
    this.#onForget = onForget
  }

  /**
   * Judge one message and remember it.
   *
   * @param key what tells apart messages of one time.
   */
  admit(ltime: bigint, key: string): Sighting {
    this.clock.witness(ltime)
    const slots = BigInt(SLOTS)
    if (ltime < this.#floor) return 'too-old'
    if (this.clock.time > slots && ltime < this.clock.time - slots) return 'too-old'
    const at = Number(ltime % slots)
    const held = this.#slots[at]
    // Only at the end of time, where the clock stands still and does not show that it is too old.
    if (held !== undefined && held.ltime > ltime) return 'too-old'
    if (held?.ltime === ltime && held.keys.has(key)) return 'seen'
    const cost = key.length + COST_EACH
    if (!this.#hasRoom(cost, ltime)) return 'full'
    if (held !== undefined && held.ltime < ltime) this.#forget(held, at)
    while (this.#cost + cost > COST_MAX) this.#forgetEarliest()
    const slot = (this.#slots[at] ??= { ltime, keys: new Set(), cost: 0 })
    slot.keys.add(key)
    slot.cost += cost
    this.#cost += cost
    return 'new'
  }

  /** Whether so much can be remembered once all is forgotten that is earlier. */
  #hasRoom(cost: number, ltime: bigint): boolean {
    if (this.#cost + cost <= COST_MAX) return true
    let kept = cost
    for (const slot of this.#slots) if (slot !== undefined && slot.ltime >= ltime) kept += slot.cost
    return kept <= COST_MAX
  }

  /** Looks at 512 slots, though not more often than there were messages: each slot began with one. */
  #forgetEarliest(): void {
    let [earliest, at]: [Slot | undefined, number] = [undefined, 0]
    for (const [index, slot] of this.#slots.entries()) {
      if (slot === undefined || (earliest !== undefined && slot.ltime > earliest.ltime)) continue
      ;[earliest, at] = [slot, index]
    }
    invariant(earliest !== undefined, 'what costs something is in a slot')
    this.#forget(earliest, at)
  }

  #forget({ ltime, cost }: Slot, at: number): void {
    this.#slots[at] = undefined
    this.#cost -= cost
    if (ltime >= this.#floor) this.#floor = ltime + 1n
    this.#onForget(at)
  }
}

/** Count what is not new. True when it is. */
export function countSighting(sighting: Sighting, stats: SerfStats): boolean {
  if (sighting === 'seen') stats.seenBefore++
  else if (sighting === 'too-old') stats.tooOld++
  else if (sighting === 'full') stats.broadcastsDropped++
  return sighting === 'new'
}

/** Tells apart user events of one time. */
export function eventKey({ name, payload }: { name: string; payload: Uint8Array }): string {
  return `${name.length}:${name}${toHex(payload)}`
}
