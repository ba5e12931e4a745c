import type { GossipOptions } from '../gossip/options.ts'
import type { Random } from '../base/random.ts'
import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import type { Membership } from '../ports/membership.ts'
import type { RingMaker } from '../ownership/made-rings.ts'
import type { Invoke } from './invoke.ts'
import type { RecordPool } from './members.ts'

/** Requests of the operating system that the program end, where there are any. */
export interface Signals {
  /**
   * Call `listener` each time one of `names` comes, instead of what it does by default. Returns
   * how to stop.
   *
   * @throws {OptionError} for a name that is no signal, or one that cannot be caught.
   */
  watch(names: readonly string[], listener: (name: string) => void): () => void
}

/** What clusters of one process that see the same can have together, as it never changes. */
export interface Sharing {
  readonly pool: RecordPool
  readonly makeRings: RingMaker
}

/** What a cluster needs of the world around it. */
export interface ClusterPorts {
  readonly clock: Clock
  readonly signals: Signals
  /** @throws {OptionError} naming the first option that is unknown, malformed or out of range. */
  createGossip(options: GossipOptions, logger: Logger): Membership
  /**
   * How the user's handlers are called.
   *
   * @defaultValue in a later turn, and what they promise is waited for
   */
  readonly invoke?: Invoke | undefined
  /**
   * Spreads over time what is tried again.
   *
   * @defaultValue it comes at its exact times
   */
  readonly random?: Random | undefined
  /** @defaultValue nothing: there is one cluster a process, mostly */
  readonly sharing?: Sharing | undefined
}
