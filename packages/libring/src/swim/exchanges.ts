import { addressText, type Address } from '../base/address.ts'
import type { JoinAttempt } from '../base/errors.ts'
import type { Alive } from '../wire/messages.ts'

/** Claims that wait for an answer from where they say a member is. Of further ones, later copies may. */
export const PROOFS_MAX = 16

/** Whether somebody of a name is there. */
export interface Call {
  readonly kind: 'call'
  readonly seq: number
  /** What is believed once it is answered. */
  readonly claim: Alive | undefined
}

/** What a stream that we dialled is for. */
export type Exchange =
  | { readonly kind: 'join'; readonly join: number; readonly seed: Address }
  | { readonly kind: 'sync' }
  | { readonly kind: 'ping'; readonly seq: number }
  | Call

/** How a join ended, once every seed has answered or failed. */
export interface JoinOutcome {
  readonly join: number
  readonly contacted: number
  readonly failures: readonly JoinAttempt[]
}

interface OpenJoin {
  waitingFor: number
  contacted: number
  readonly failures: JoinAttempt[]
}

/** Streams that we dialled and still wait for, and the joins they belong to. */
export class Exchanges {
  readonly #open = new Map<number, Exchange>()
  readonly #joins = new Map<number, OpenJoin>()
  /** Names whose new places are being called. */
  readonly #proving = new Set<string>()
  #lastDial = 0

  /** A number for a new dial. */
  open(exchange: Exchange): number {
    const dial = ++this.#lastDial
    this.#open.set(dial, exchange)
    if (exchange.kind === 'call' && exchange.claim) this.#proving.add(exchange.claim.node)
    return dial
  }

  /** What `dial` was for, once; `undefined` when it is not waited for. */
  close(dial: number): Exchange | undefined {
    const exchange = this.#open.get(dial)
    this.#open.delete(dial)
    if (exchange?.kind === 'call' && exchange.claim) this.#proving.delete(exchange.claim.node)
    return exchange
  }

  /** Whether the place of a claim is to be called: not while one of that name is, nor too many. */
  mayProve({ node }: Alive): boolean {
    return !this.#proving.has(node) && this.#proving.size < PROOFS_MAX
  }

  beginJoin(join: number, seeds: number): void {
    this.#joins.set(join, { waitingFor: seeds, contacted: 0, failures: [] })
  }

  /**
   * Count one seed of a join. Returns the outcome with the last of them.
   *
   * @param failure why it did not count; `undefined` when another member answered.
   */
  settleSeed(
    exchange: Extract<Exchange, { kind: 'join' }>,
    failure: string | undefined,
  ): JoinOutcome | undefined {
    const join = this.#joins.get(exchange.join)
    if (join === undefined) return undefined
    if (failure === undefined) join.contacted++
    else join.failures.push({ address: addressText(exchange.seed), reason: failure })
    if (--join.waitingFor > 0) return undefined
    this.#joins.delete(exchange.join)
    const { contacted, failures } = join
    return { join: exchange.join, contacted, failures }
  }
}
