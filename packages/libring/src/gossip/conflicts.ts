import { addressText } from '../base/address.ts'
import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import type { NameConflict, SerfEvents } from './serf-events.ts'
import { Throttle } from './throttle.ts'

/** Tells the application. */
type Tell = <T extends 'name-conflict' | 'name-lost'>(type: T, event: SerfEvents[T]) => void

/** The same conflict of names is told once in this time. */
const CONFLICT_EVERY_MS = 60_000

/** All conflicts together in that time: whoever makes claims up can make up many. */
const CONFLICTS_MAX = 64

/** Who is told of members that bear one name. */
export class Conflicts {
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #tell: Tell
  readonly #throttle = new Throttle(CONFLICT_EVERY_MS, CONFLICTS_MAX)

  constructor(clock: Clock, logger: Logger, tell: Tell) {
    this.#clock = clock
    this.#logger = logger
    this.#tell = tell
  }

  note({ name, known, claimed }: NameConflict): void {
    const fields = { member: name, address: addressText(known), claimed: addressText(claimed) }
    // The claim comes again with every push/pull and many a packet.
    if (!this.#throttle.admit(`${name} ${fields.claimed}`, this.#clock.nowMs())) return
    this.#logger.warn('another member claims a name that is taken', fields)
    this.#tell('name-conflict', { name, known, claimed })
  }

  /** Others say that our name is another member's. */
  lose({ votes, forUs }: SerfEvents['name-lost']): void {
    this.#logger.error('another member bears our name: stopping', { votes, forUs })
    this.#tell('name-lost', { votes, forUs })
  }
}
