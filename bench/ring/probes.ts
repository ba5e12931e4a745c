// What every lookup of a text key has to do, timed beside the lookups: how much of them it is.

/** Look at every character, four at a time, and do nothing with them. */
export function readOnly(key: string): number {
  const whole = key.length & ~3
  let seen = 0
  let at = 0
  for (; at < whole; at += 4) {
    const low = key.charCodeAt(at) | key.charCodeAt(at + 1)
    seen |= low | key.charCodeAt(at + 2) | key.charCodeAt(at + 3)
  }
  for (; at < key.length; at++) seen |= key.charCodeAt(at)
  return seen
}

/** Murmur3 as if every character were one byte: what is left when nobody has to make UTF-8. */
export function hashWithoutUtf8(key: string): number {
  const whole = key.length & ~3
  let hash = 0
  let at = 0
  for (; at < whole; at += 4) {
    const low = key.charCodeAt(at) | (key.charCodeAt(at + 1) << 8)
    const high = (key.charCodeAt(at + 2) << 16) | (key.charCodeAt(at + 3) << 24)
    hash = addBlock(hash, low | high)
  }
  let block = 0
  for (let shift = 0; at < key.length; at++, shift += 8) block |= key.charCodeAt(at) << shift
  hash = addBlock(hash, block) ^ key.length
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}

function addBlock(hash: number, block: number): number {
  block = Math.imul(block, 0xcc9e2d51)
  hash ^= Math.imul((block << 15) | (block >>> 17), 0x1b873593)
  hash = (hash << 13) | (hash >>> 19)
  return (Math.imul(hash, 5) + 0xe6546b64) | 0
}
