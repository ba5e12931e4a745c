import type { Random } from '../base/random.ts'
import type { Versions } from '../wire/messages.ts'
import type { Security } from '../wire/security.ts'
import type { Passenger } from './effects.ts'
import type { ResolvedSwimOptions } from './options.ts'

export interface SwimSetup {
  /** Unique in the cluster, 1 to 128 bytes of UTF-8. */
  readonly name: string
  /** At most 512 bytes. */
  readonly meta: Uint8Array
  readonly versions: Versions
  readonly options: ResolvedSwimOptions
  readonly random: Random
  readonly passenger: Passenger
  /** Label and keys. In clear where there is none. */
  readonly security?: Security
}
