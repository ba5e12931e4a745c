/**
 * The finaliser of MurmurHash3: a bijection on 32 bits under which every input bit reaches
 * every output bit.
 *
 * @returns a signed 32-bit number; callers that compare or divide take `>>> 0` of it.
 */
export function mix32(word: number): number {
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b)
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35)
  return word ^ (word >>> 16)
}
