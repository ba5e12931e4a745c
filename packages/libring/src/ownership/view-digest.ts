import { keyHashName } from '../ring/key-hash.ts'
import { mix32 } from '../ring/mix.ts'
import { murmur3Text } from '../ring/murmur3.ts'
import type { ResolvedRingOptions } from '../ring/options.ts'
import type { Home } from './acting.ts'
import { homeHash, type Candidate } from './candidate.ts'

/**
 * A number for everything that an assignment depends on: two members that show the same number
 * see the same members, up to one chance in 2^32.
 *
 * It is made of the sum of one hash for each member, so that where one of thousands has changed,
 * nothing is done for the others. With a CRC, which is linear, like changes of two members could
 * cancel each other out; MurmurHash3 is not.
 */
export class ViewDigest {
  /** Of those that are there, modulo 2^32. */
  #sum = 0
  #options: ResolvedRingOptions | undefined
  #rules = 0

  /** @param before and @param after `undefined` where it was not there, or is not any more. */
  replace(before: Candidate | undefined, after: Candidate | undefined): void {
    this.#sum = (this.#sum - (before?.hash ?? 0) + (after?.hash ?? 0)) | 0
  }

  /** @param away those that keep their homes though they are not there. */
  of(away: readonly Home[], options: ResolvedRingOptions): number {
    if (this.#options !== options) {
      this.#options = options
      this.#rules = rulesHash(options)
    }
    let sum = this.#sum
    for (const home of away) sum = (sum + homeHash(home, ['away'])) | 0
    return mix32(mix32(sum) ^ this.#rules) >>> 0
  }
}

function rulesHash(options: ResolvedRingOptions): number {
  const { partitions, redundancy, assignment, slack, primarySlack, keyHash } = options
  const rules = [partitions, redundancy, assignment, slack, primarySlack, keyHashName(keyHash)]
  return murmur3Text(JSON.stringify(rules))
}

/** A number for what a number of a partition means: how many there are, and how keys are hashed. */
export function spaceDigest({ partitions, keyHash }: ResolvedRingOptions): number {
  return murmur3Text(JSON.stringify([partitions, keyHashName(keyHash)])) >>> 0
}
