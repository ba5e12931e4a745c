import { invariant } from './errors.ts'

/** A source of random numbers. Everything random in libring is drawn from one that is handed in. */
export interface Random {
  /** The next 32 bits, as an unsigned whole number. */
  uint32(): number
}

/**
 * A generator that replays exactly from its seed: sfc32 (Doty-Humphrey, PractRand),
 * 128 bits of state, seeded from a number and a name so that nodes draw independently.
 */
export function seededRandom(seed: number, name = ''): Random {
  let a = 0x9e3779b9 ^ seed
  let b = 0x243f6a88 ^ Math.floor(seed / 0x1_0000_0000)
  let c = 0xb7e15162
  for (let i = 0; i < name.length; i++) c = Math.imul(c ^ name.charCodeAt(i), 0x01000193)
  let counter = 1

  function uint32(): number {
    const sum = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    return sum >>> 0
  }

  for (let i = 0; i < 15; i++) uint32()
  return { uint32 }
}

/** A uniform fraction in [0, 1). */
export function fraction(random: Random): number {
  return random.uint32() / 0x1_0000_0000
}

/** A uniform whole number in [0, `limit`). `limit` from 1 to 2^32. */
export function below(random: Random, limit: number): number {
  invariant(limit >= 1, 'there is no whole number below 1')
  return Math.floor(fraction(random) * limit)
}

/** Put `items` into a uniformly random order, in place (Fisher-Yates). */
export function shuffle<T>(items: T[], random: Random): void {
  for (let i = items.length - 1; i > 0; i--) {
    const j = below(random, i + 1)
    const kept = items[i]!
    items[i] = items[j]!
    items[j] = kept
  }
}

/**
 * Up to `count` different random members of `items` that pass `accept`, in random order.
 *
 * Looks at every item in the worst case, so that a small cluster misses nobody.
 */
export function sample<T>(
  items: readonly T[],
  count: number,
  random: Random,
  accept: (item: T) => boolean,
): T[] {
  const picked: T[] = []
  const moved = new Map<number, number>()
  for (let drawn = 0; drawn < items.length && picked.length < count; drawn++) {
    const at = drawn + below(random, items.length - drawn)
    const item = items[moved.get(at) ?? at]!
    moved.set(at, moved.get(drawn) ?? drawn)
    if (accept(item)) picked.push(item)
  }
  return picked
}
