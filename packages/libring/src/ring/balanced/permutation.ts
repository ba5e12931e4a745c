import { fnv1a64Text } from '../fnv1a64.ts'
import { mix32 } from '../mix.ts'

/** Words kept per member: three odd factors, three summands, three inverse factors. */
const WORDS = 9

/**
 * A permutation of the partitions for every member, keyed by its name: the order in which it
 * asks for them. No table is stored; both directions are computed.
 *
 * One round is `x * factor + summand` on the least number of bits that holds a partition,
 * followed by folding the upper half into the lower; three rounds make a bijection on those
 * bits. A result that is no partition goes through again ("cycle walking", Black and Rogaway
 * 2002), which keeps it a bijection on the partitions.
 */
export class Permutations {
  readonly #partitions: number
  readonly #mask: number
  readonly #fold: number
  readonly #words: Int32Array

  /** @param keys one row of {@link permutationKeys} per member. */
  constructor(partitions: number, keys: readonly Int32Array[]) {
    const bits = Math.max(1, 32 - Math.clz32(partitions - 1))
    this.#partitions = partitions
    this.#mask = (1 << bits) - 1
    this.#fold = (bits + 1) >> 1
    this.#words = new Int32Array(WORDS * keys.length)
    for (const [member, key] of keys.entries()) {
      const at = WORDS * member
      this.#words.set(key.subarray(0, 6), at)
      for (let i = 0; i < 3; i++) this.#words[at + 6 + i] = inverseOf(key[i]!)
    }
  }

  /** The partition that `member` asks for after `rank` others. */
  partitionAt(member: number, rank: number): number {
    const words = this.#words
    const mask = this.#mask
    const fold = this.#fold
    const at = WORDS * member
    let value = rank
    do {
      value = (Math.imul(value, words[at]!) + words[at + 3]!) & mask
      value ^= value >> fold
      value = (Math.imul(value, words[at + 1]!) + words[at + 4]!) & mask
      value ^= value >> fold
      value = (Math.imul(value, words[at + 2]!) + words[at + 5]!) & mask
      value ^= value >> fold
    } while (value >= this.#partitions)
    return value
  }

  /** How many partitions `member` asks for before `partition`. */
  rankOf(member: number, partition: number): number {
    const words = this.#words
    const mask = this.#mask
    const fold = this.#fold
    const at = WORDS * member
    let value = partition
    do {
      // At least half of the bits are folded away, so that folding twice is folding not at all.
      value ^= value >> fold
      value = Math.imul(value - words[at + 5]!, words[at + 8]!) & mask
      value ^= value >> fold
      value = Math.imul(value - words[at + 4]!, words[at + 7]!) & mask
      value ^= value >> fold
      value = Math.imul(value - words[at + 3]!, words[at + 6]!) & mask
    } while (value >= this.#partitions)
    return value
  }
}

/**
 * Seven words that name a member: three odd factors, three summands, and the one by which
 * members are ordered.
 */
export function permutationKeys(name: string): Int32Array {
  const [high, low] = fnv1a64Text(name) as unknown as [number, number]
  const keys = new Int32Array(7)
  for (let i = 0; i < 7; i++) {
    const key = mix32(low ^ mix32(high + Math.imul(i + 1, 0x9e3779b9)))
    keys[i] = i < 3 ? key | 1 : key
  }
  return keys
}

/** What an odd number has to be multiplied with for 1, modulo 2^32. By Newton's method. */
function inverseOf(odd: number): number {
  let inverse = odd // right in the three lowest bits; every step doubles them
  for (let step = 0; step < 4; step++) {
    inverse = Math.imul(inverse, 2 - Math.imul(odd, inverse))
  }
  return inverse
}
