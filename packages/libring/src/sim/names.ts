import { canonicalIp } from '../base/address.ts'
import { fraction, type Random } from '../base/random.ts'
import type { Resolution, Resolver } from '../ports/resolver.ts'
import type { SimClock } from './clock.ts'

/** A lookup takes up to this. */
const LOOKUP_MS_MAX = 20

/** Names and their addresses, as a name server of the simulation has them. Change it at will. */
export type Names = Map<string, readonly string[]>

/** Looks names up in {@link Names}, as they are when the answer arrives. */
export class SimResolver implements Resolver {
  readonly #names: Names
  readonly #clock: SimClock
  readonly #random: Random

  constructor(names: Names, clock: SimClock, random: Random) {
    this.#names = names
    this.#clock = clock
    this.#random = random
  }

  resolve(name: string, onResult: (resolution: Resolution) => void): void {
    this.#clock.after(fraction(this.#random) * LOOKUP_MS_MAX, () => {
      const ip = canonicalIp(name)
      const addresses = ip === undefined ? this.#names.get(name) : [ip]
      if (addresses !== undefined && addresses.length > 0) onResult({ addresses: [...addresses] })
      else onResult({ error: new Error(`${name} is not known`) })
    })
  }
}
