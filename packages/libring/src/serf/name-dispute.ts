import { addressText, ipFromBytes, sameAddress, type Address } from '../base/address.ts'
import type { Millis } from '../base/time.ts'
import { decodeSerf } from './message-codec.ts'

/** Least time between the end of one vote and the next. */
const PAUSE_MS = 10_000

/** Votes by which a name was lost. */
export interface Verdict {
  /** Members that answered. */
  readonly votes: number
  /** Those that know the name at our address. */
  readonly forUs: number
}

/**
 * The vote on who owns the name of the local member, when somebody else bears it too.
 *
 * A majority of those who answer has to know it at our address. Serf gives up also when nobody
 * answers; but then nobody has spoken against us either, and a single forged packet would do to end
 * a node that has no others to ask. And it gives up to whom others only believe to be there: here
 * the other one has to answer for itself, so that a process which ended without a farewell does not
 * keep the next one of its name out.
 *
 * @see serf serf.go `resolveNodeConflict`.
 */
export class NameDispute {
  #phase: 'none' | 'voting' | 'proving' = 'none'
  #nextMs: Millis = 0
  #votes = 0
  #forUs = 0
  /** Votes for others, by where they know the name. */
  readonly #rivals = new Map<string, { readonly address: Address; votes: number }>()

  /** Open a vote. False while there is one, and for a while after. */
  open(nowMs: Millis): boolean {
    if (this.#phase !== 'none' || nowMs < this.#nextMs) return false
    this.#phase = 'voting'
    this.#votes = 0
    this.#forUs = 0
    this.#rivals.clear()
    return true
  }

  /** Count an answer, if it is one. */
  vote(payload: Uint8Array, own: Address): void {
    const { message } = decodeSerf(payload)
    if (this.#phase !== 'voting' || message?.type !== 'conflict-response') return
    this.#votes++
    const { member } = message
    const host = member && ipFromBytes(member.addr)
    if (member === undefined || host === undefined) return
    const address = { host, port: member.port }
    if (sameAddress(address, own)) this.#forUs++
    else this.#voteFor(address)
  }

  /** End the vote. Where it is lost, the address at which the other one has to prove itself. */
  close(nowMs: Millis): Address | undefined {
    const majority = Math.floor(this.#votes / 2) + 1
    const isLost = this.#votes > 0 && this.#forUs < majority
    const [first] = [...this.#rivals.values()].sort((left, right) => right.votes - left.votes)
    if (!isLost || first === undefined) return this.#end(nowMs)
    this.#phase = 'proving'
    return first.address
  }

  /** Whether the other one has answered. Gives the votes when the name is lost now. */
  prove(answered: boolean, nowMs: Millis): Verdict | undefined {
    if (this.#phase !== 'proving') return undefined
    this.#end(nowMs)
    return answered ? { votes: this.#votes, forUs: this.#forUs } : undefined
  }

  #voteFor(address: Address): void {
    const key = addressText(address)
    const rival = this.#rivals.get(key) ?? { address, votes: 0 }
    rival.votes++
    this.#rivals.set(key, rival)
  }

  #end(nowMs: Millis): undefined {
    this.#phase = 'none'
    this.#nextMs = nowMs + PAUSE_MS
  }
}
