import type { Address } from '../base/address.ts'
import { below, sample, shuffle, type Random } from '../base/random.ts'
import type { Millis } from '../base/time.ts'
import type { NodeState, Versions } from '../wire/messages.ts'
import type { SwimMember } from './effects.ts'
import { isPresent, type MemberState } from './standing.ts'

/** Most members a table holds. Claims about further names are dropped. */
export const MEMBERS_MAX = 65_536

/** What is known of one member. Only {@link Members} and the rules for claims change it. */
export interface MemberRow {
  readonly name: string
  addr: Uint8Array
  port: number
  address: Address
  meta: Uint8Array
  incarnation: number
  readonly state: MemberState
  readonly stateSinceMs: Millis
  versions: Versions
}

type MutableRow = { -readonly [Field in keyof MemberRow]: MemberRow[Field] }

/** Everybody we have heard of, in an order that is random and the same until the next shuffle. */
export class Members {
  readonly #byName = new Map<string, MutableRow>()
  readonly #random: Random
  #order: MutableRow[] = []
  #presentCount = 0

  constructor(random: Random) {
    this.#random = random
  }

  /** Rows of any state, the local member's included. */
  get size(): number {
    return this.#order.length
  }

  /** Members alive or suspect, the local one included. */
  get presentCount(): number {
    return this.#presentCount
  }

  /** Whether anybody but the member of this name is present. */
  hasOthersThan(name: string): boolean {
    const row = this.#byName.get(name)
    return this.#presentCount > Number(row !== undefined && isPresent(row.state))
  }

  get(name: string): MemberRow | undefined {
    return this.#byName.get(name)
  }

  /** The rows in their present order. */
  rows(): readonly MemberRow[] {
    return this.#order
  }

  /** Take in a member not known before, at a random place in the order. */
  add(row: MemberRow): void {
    const mutable: MutableRow = row
    this.#byName.set(row.name, mutable)
    this.#order.push(mutable)
    const other = below(this.#random, this.#order.length)
    this.#order[this.#order.length - 1] = this.#order[other]!
    this.#order[other] = mutable
    if (isPresent(row.state)) this.#presentCount++
  }

  setState(row: MemberRow, state: MemberState, nowMs: Millis): void {
    const mutable: MutableRow = row
    this.#presentCount += Number(isPresent(state)) - Number(isPresent(row.state))
    mutable.state = state
    mutable.stateSinceMs = nowMs
  }

  /** Forget who has been dead or gone for longer than `keepMs`, then shuffle the rest. */
  purgeAndShuffle(keepMs: Millis, nowMs: Millis): void {
    const kept = this.#order.filter((row) => {
      const keep = isPresent(row.state) || nowMs - row.stateSinceMs <= keepMs
      if (!keep) this.#byName.delete(row.name)
      return keep
    })
    shuffle(kept, this.#random)
    this.#order = kept
  }

  /** Up to `count` different random rows that pass `accept`. */
  sample(count: number, accept: (row: MemberRow) => boolean): MemberRow[] {
    return sample(this.#order, count, this.#random, accept)
  }
}

/** A copy that will not change. */
export function snapshotOf(row: MemberRow): SwimMember {
  const { name, addr, port, address, meta, incarnation, state, versions } = row
  return { name, addr, port, address, meta, incarnation, state, versions }
}

/** A row as push/pull carries it. */
export function nodeStateOf(row: MemberRow): NodeState {
  const { name, addr, port, meta, incarnation, state, versions } = row
  return { name, addr, port, meta, incarnation, state, versions }
}
