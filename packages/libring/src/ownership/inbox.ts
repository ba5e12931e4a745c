import type { PeerHeader } from './messages.ts'

/**
 * Processes of one name whose messages are told apart: the present one, and some whose messages
 * may still be under way. The one heard from longest ago goes first.
 */
const PROCESSES_MAX = 4

/** Most names remembered: anybody may send under any. The one heard from longest ago goes first. */
const NAMES_MAX = 16_384

/** Lets every message pass once, and none that was sent before another that has passed. */
export class Inbox {
  readonly #seqs = new Map<string, Map<bigint, number>>()

  accepts(name: string, { life, seq }: PeerHeader): boolean {
    const seqs = this.#seqs.get(name) ?? new Map<bigint, number>()
    putLast(this.#seqs, name, seqs, NAMES_MAX)
    const last = seqs.get(life)
    if (last !== undefined && seq <= last) return false
    putLast(seqs, life, seq, PROCESSES_MAX)
    return true
  }
}

/** Put it behind all others, of which the first goes where there are more than `max`. */
function putLast<K, V>(map: Map<K, V>, key: K, value: V, max: number): void {
  map.delete(key)
  map.set(key, value)
  for (const first of map.keys()) {
    if (map.size <= max) break
    map.delete(first)
  }
}
