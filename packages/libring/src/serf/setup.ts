import type { Random } from '../base/random.ts'
import type { ResolvedSwimOptions } from '../swim/options.ts'
import type { Versions } from '../wire/messages.ts'
import type { Security } from '../wire/security.ts'
import type { ResolvedSerfOptions } from './options.ts'
import type { Tags } from './tags.ts'

/** What we say we speak: memberlist 1 to 5, now 2; Serf 2 to 5, now 5. As stock agents do. */
export const serfVersions: Versions = [1, 5, 2, 2, 5, 5]

export interface SerfSetup {
  /** Unique in the cluster, 1 to 128 bytes of UTF-8. */
  readonly name: string
  /** At most 512 bytes when encoded. */
  readonly tags: Tags
  readonly swim: ResolvedSwimOptions
  readonly serf: ResolvedSerfOptions
  readonly random: Random
  /** Label and keys. In clear where there is none. */
  readonly security?: Security
  /** Whether to work out where members stand by their round trips, and to tell. True if not given. */
  readonly coordinates?: boolean
  /** Whether changes of keys are kept, and answered by `keys-kept`. False if not given. */
  readonly keepsKeys?: boolean
}
