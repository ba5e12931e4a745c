import type { Permutations } from './permutation.ts'

/**
 * When each member asks for what: a member of the largest weight asks once a tick, one of a
 * tenth of that every tenth tick.
 */
export class RankClock {
  readonly permutations: Permutations
  readonly #weights: Uint32Array
  readonly #weightMax: number
  readonly isUniform: boolean

  constructor(permutations: Permutations, weights: Uint32Array) {
    this.permutations = permutations
    this.#weights = weights
    this.#weightMax = weights.reduce((most, weight) => Math.max(most, weight), 1)
    this.isUniform = weights.every((weight) => weight === this.#weightMax)
  }

  get members(): number {
    return this.#weights.length
  }

  /** Below 2^32: rank and weight have 16 bits each. */
  tickOf(member: number, rank: number): number {
    return Math.floor((rank * this.#weightMax) / this.#weights[member]!)
  }

  /** What `member` asked for at `tick`, at which it did ask. */
  partitionAtTick(member: number, tick: number): number {
    const rank = Math.ceil((tick * this.#weights[member]!) / this.#weightMax)
    return this.permutations.partitionAt(member, rank)
  }

  /** When `member` asks for `partition`. */
  tickAt(member: number, partition: number): number {
    return this.tickOf(member, this.permutations.rankOf(member, partition))
  }
}

/**
 * A member that asks at a tick as one number: 32 bits of tick, 16 of member. Their order is that
 * of (tick, member), and native sorts know it.
 */
export function askKey(tick: number, member: number): number {
  return tick * 0x10000 + member
}

export function tickIn(askKey: number): number {
  return Math.floor(askKey / 0x10000)
}

export function memberIn(askKey: number): number {
  return askKey - tickIn(askKey) * 0x10000
}
