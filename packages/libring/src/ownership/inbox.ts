import type { PeerHeader } from './messages.ts'

/**
 * Processes of one name whose messages are told apart: the present one, and some whose messages
 * may still be under way. The one heard from longest ago goes first.
 */
const PROCESSES_MAX = 4

/** Most names remembered: anybody may send under any. The one heard from longest ago goes first. */
const NAMES_MAX = 16_384

/** The last message of a process. */
interface Last {
  readonly life: bigint
  seq: number
}

/** Lets every message pass once, and none that was sent before another that has passed. */
export class Inbox {
  /** By name, of each process the last message; the process heard from longest ago first. */
  readonly #names = new Map<string, Last[]>()

  accepts(name: string, { life, seq }: PeerHeader): boolean {
    const lasts = this.#lastsOf(name)
    // Mostly it is of the process that was heard last.
    const latest = lasts.at(-1)
    if (latest?.life === life) {
      if (seq <= latest.seq) return false
      latest.seq = seq
      return true
    }
    const at = lasts.findIndex((last) => last.life === life)
    if (at >= 0 && seq <= lasts[at]!.seq) return false
    if (at >= 0) lasts.splice(at, 1)
    lasts.push({ life, seq })
    if (lasts.length > PROCESSES_MAX) lasts.shift()
    return true
  }

  /** Of the name, which is behind all others from now on. */
  #lastsOf(name: string): Last[] {
    const known = this.#names.get(name)
    // Their order matters only where there may soon be too many.
    if (known !== undefined && this.#names.size <= NAMES_MAX / 2) return known
    const lasts = known ?? []
    this.#names.delete(name)
    this.#names.set(name, lasts)
    for (const first of this.#names.keys()) {
      if (this.#names.size <= NAMES_MAX) break
      this.#names.delete(first)
    }
    return lasts
  }
}
