import { ipFromBytes, sameAddress, type Address } from '../base/address.ts'
import type { Millis } from '../base/time.ts'
import { decodeSerf } from './message-codec.ts'

/** Least time between the end of one vote and the next. */
const PAUSE_MS = 10_000

/** How a vote ended. */
export interface Verdict {
  /** Members that answered. */
  readonly votes: number
  /** Those that know the name at our address. */
  readonly forUs: number
  readonly isLost: boolean
}

/**
 * The vote on who owns the name of the local member, when somebody else bears it too.
 *
 * A majority of those who answer has to know it at our address. Serf gives up also when nobody
 * answers; but then nobody has spoken against us either, and a single forged packet would do to end
 * a node that has no others to ask.
 *
 * @see serf serf.go `resolveNodeConflict`.
 */
export class NameDispute {
  #isOpen = false
  #nextMs: Millis = 0
  #votes = 0
  #forUs = 0

  /** Open a vote. False while there is one, and for a while after. */
  open(nowMs: Millis): boolean {
    if (this.#isOpen || nowMs < this.#nextMs) return false
    this.#isOpen = true
    this.#votes = 0
    this.#forUs = 0
    return true
  }

  /** Count an answer, if it is one. */
  vote(payload: Uint8Array, own: Address): void {
    const { message } = decodeSerf(payload)
    if (message?.type !== 'conflict-response') return
    this.#votes++
    if (message.member === undefined) return
    const host = ipFromBytes(message.member.addr)
    const { port } = message.member
    if (host !== undefined && sameAddress({ host, port }, own)) this.#forUs++
  }

  close(nowMs: Millis): Verdict {
    this.#isOpen = false
    this.#nextMs = nowMs + PAUSE_MS
    const majority = Math.floor(this.#votes / 2) + 1
    const isLost = this.#votes > 0 && this.#forUs < majority
    return { votes: this.#votes, forUs: this.#forUs, isLost }
  }
}
