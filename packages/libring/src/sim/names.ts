import { canonicalIp, parseHostAndPort, type HostAndPort } from '../base/address.ts'
import { fraction, type Random } from '../base/random.ts'
import type { Resolution, Resolver } from '../ports/resolver.ts'
import type { SimClock } from './clock.ts'
import { SimProcess } from './process.ts'

/** A lookup takes up to this. */
const LOOKUP_MS_MAX = 20

/**
 * Names and their addresses, as a name server of the simulation has them; those of a service with
 * their ports. Change it at will.
 */
export type Names = Map<string, readonly string[]>

/** Looks names up in {@link Names}, as they are when the answer arrives. */
export class SimResolver implements Resolver {
  readonly #names: Names
  readonly #clock: SimClock
  readonly #random: Random
  readonly #owner: SimProcess

  constructor(
    names: Names,
    clock: SimClock,
    random: Random,
    owner: SimProcess = new SimProcess(clock),
  ) {
    this.#names = names
    this.#clock = clock
    this.#random = random
    this.#owner = owner
  }

  resolve(name: string, onResult: (resolution: Resolution) => void): void {
    this.#clock.after(fraction(this.#random) * LOOKUP_MS_MAX, () => {
      const ip = canonicalIp(name)
      const known = ip === undefined ? (this.#names.get(name) ?? []) : [ip]
      const addresses = known.map(placeOf)
      const resolution =
        addresses.length > 0 ? { addresses } : { error: new Error(`${name} is not known`) }
      this.#owner.arrive(() => onResult(resolution))
    })
  }
}

function placeOf(address: string): HostAndPort {
  return parseHostAndPort(address) ?? { host: address, port: undefined }
}
