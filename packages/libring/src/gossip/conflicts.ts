import { addressText } from '../base/address.ts'
import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import type { NameConflict } from './serf-events.ts'
import { Throttle } from './throttle.ts'

/** The same conflict of names is told once in this time. */
const CONFLICT_EVERY_MS = 60_000

/** Who is told of members that bear one name. */
export class Conflicts {
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #tell: (conflict: NameConflict) => void
  readonly #throttle = new Throttle(CONFLICT_EVERY_MS)

  constructor(clock: Clock, logger: Logger, tell: (conflict: NameConflict) => void) {
    this.#clock = clock
    this.#logger = logger
    this.#tell = tell
  }

  note({ name, known, claimed }: NameConflict): void {
    const fields = { member: name, address: addressText(known), claimed: addressText(claimed) }
    // The claim comes again with every push/pull and many a packet.
    if (!this.#throttle.admit(`${name} ${fields.claimed}`, this.#clock.nowMs())) return
    this.#logger.warn('another member claims a name that is taken', fields)
    this.#tell({ name, known, claimed })
  }
}
