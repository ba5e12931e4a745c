import type { PeerHeader } from './messages.ts'

/**
 * Processes of one name whose messages are told apart: the present one, and some whose messages
 * may still be under way. The one heard from longest ago goes first.
 */
const PROCESSES_MAX = 4

/** Lets every message pass once, and none that was sent before another that has passed. */
export class Inbox {
  readonly #seqs = new Map<string, Map<bigint, number>>()

  accepts(name: string, { life, seq }: PeerHeader): boolean {
    const seqs = this.#seqs.get(name) ?? new Map<bigint, number>()
    this.#seqs.set(name, seqs)
    const last = seqs.get(life)
    if (last !== undefined && seq <= last) return false
    seqs.delete(life)
    seqs.set(life, seq)
    for (const oldest of seqs.keys()) {
      if (seqs.size <= PROCESSES_MAX) break
      seqs.delete(oldest)
    }
    return true
  }

  forget(name: string): void {
    this.#seqs.delete(name)
  }
}
