import { below, seededRandom, type Random } from '../../packages/libring/src/base/random.ts'

/** Chance, replayed from a seed. */
export class Dice {
  readonly random: Random

  constructor(seed: number) {
    this.random = seededRandom(seed, 'fuzz')
  }

  /** A whole number in [0, `limit`). */
  below(limit: number): number {
    return below(this.random, limit)
  }

  /** True once in `times`. */
  oneIn(times: number): boolean {
    return this.below(times) === 0
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!
  }

  bytes(lengthMax: number): Uint8Array {
    const bytes = new Uint8Array(this.below(lengthMax + 1))
    for (let i = 0; i < bytes.length; i++) bytes[i] = this.random.uint32()
    return bytes
  }

  /** `make` called up to `countMax` times. */
  several<T>(countMax: number, make: () => T): T[] {
    return Array.from({ length: this.below(countMax + 1) }, make)
  }
}
