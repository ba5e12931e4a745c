const POLYNOMIAL = 0xedb88320

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
  return crc
})

/** CRC-32 as IEEE 802.3 has it (the one of zlib and Ethernet), unsigned. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffff_ffff
  for (let i = 0; i < bytes.length; i++) crc = TABLE[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8)
  return ~crc >>> 0
}

// CRCs of parts make the CRC of the whole: bytes are polynomials over GF(2), bit 31 of a word
// being x^0, and to put n bytes behind others is to multiply those by x^8n.

/** x^8n modulo the polynomial: see {@link crc32Joined}. */
export function crc32Power(length: number): number {
  let power = 0x8000_0000
  let square = 0x0080_0000
  for (let left = length; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) power = multiply(square, power)
    square = multiply(square, square)
  }
  return power
}

/**
 * The CRC-32 of some bytes and others behind them.
 *
 * @param left of the first.
 * @param right of those behind.
 * @param rightPower {@link crc32Power} of how many those are.
 */
export function crc32Joined(left: number, right: number, rightPower: number): number {
  return (multiply(rightPower, left) ^ right) >>> 0
}

function multiply(left: number, right: number): number {
  let product = 0
  let shifted = right
  for (let bits = left | 0; bits !== 0; bits <<= 1) {
    // The first bit of a word is its sign.
    if (bits < 0) product ^= shifted
    shifted = shifted & 1 ? (shifted >>> 1) ^ POLYNOMIAL : shifted >>> 1
  }
  return product >>> 0
}
