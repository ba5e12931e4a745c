const MULTIPLIER_HIGH = 0x27bb2ee6
const MULTIPLIER_LOW = 0x87b0b0fd

/**
 * The bucket of a 64-bit key, given in two unsigned halves: from 0 to `buckets` less one. When
 * a bucket is added at the end, keys move only into it.
 *
 * @param buckets 1 to 2^31 - 1.
 * @see Lamping, Veach, "A Fast, Minimal Memory, Consistent Hash Algorithm", arXiv 1406.2294.
 */
export function jumpHash(keyHigh: number, keyLow: number, buckets: number): number {
  let high = keyHigh
  let low = keyLow
  let bucket = 0
  for (let next = 0; next < buckets;) {
    bucket = next
    // key = key * 2862933555777941757 + 1, of which only the top 31 bits are drawn from.
    const carry = productHigh(low, MULTIPLIER_LOW)
    high = (Math.imul(high, MULTIPLIER_LOW) + Math.imul(low, MULTIPLIER_HIGH) + carry) | 0
    low = (Math.imul(low, MULTIPLIER_LOW) + 1) | 0
    if (low === 0) high = (high + 1) | 0
    next = Math.floor((bucket + 1) * (0x8000_0000 / ((high >>> 1) + 1)))
  }
  return bucket
}

/** The upper 32 bits of the product of two unsigned 32-bit numbers. */
function productHigh(left: number, right: number): number {
  const leftLow = left & 0xffff
  const leftHigh = left >>> 16
  const rightLow = right & 0xffff
  const rightHigh = right >>> 16
  const middle = leftHigh * rightLow + ((leftLow * rightLow) >>> 16)
  const other = leftLow * rightHigh + (middle % 0x10000)
  return leftHigh * rightHigh + Math.floor(middle / 0x10000) + Math.floor(other / 0x10000)
}
