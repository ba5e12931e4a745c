import { toHex } from '../base/bytes.ts'
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
 * One slot for each of the last 512 times; a later time takes the slot of the one 512 before it.
 *
 * @see serf serf.go `handleUserEvent`, `handleQuery`.
 */
export class SeenMessages {
  readonly clock: LamportClock = new LamportClock()
  readonly #slots: (Slot | undefined)[] = Array.from({ length: SLOTS }, () => undefined)
  #cost = 0

  /**
   * Judge one message and remember it.
   *
   * @param key what tells apart messages of one time.
   */
  admit(ltime: bigint, key: string): Sighting {
    this.clock.witness(ltime)
    const slots = BigInt(SLOTS)
    if (this.clock.time > slots && ltime < this.clock.time - slots) return 'too-old'
    const at = Number(ltime % slots)
    // Only at the end of time, where the clock stands still and does not show that it is too old.
    if ((this.#slots[at]?.ltime ?? 0n) > ltime) return 'too-old'
    const slot = this.#slotOf(ltime, at)
    if (slot.keys.has(key)) return 'seen'
    const cost = key.length + COST_EACH
    if (this.#cost + cost > COST_MAX) return 'full'
    slot.keys.add(key)
    slot.cost += cost
    this.#cost += cost
    return 'new'
  }

  #slotOf(ltime: bigint, at: number): Slot {
    const held = this.#slots[at]
    if (held?.ltime === ltime) return held
    if (held !== undefined) this.#cost -= held.cost
    const fresh: Slot = { ltime, keys: new Set(), cost: 0 }
    this.#slots[at] = fresh
    return fresh
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
