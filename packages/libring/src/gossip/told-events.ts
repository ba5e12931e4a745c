import type { Clock } from '../ports/clock.ts'
import {
  EventCoalescer,
  type CoalesceInput,
  type CoalesceOptions,
  type GatherableEvent,
} from '../serf/coalesce.ts'
import { Driver } from './driver.ts'

/** Hands events on to whoever tells them: at once, or gathered where the options say so. */
export class ToldEvents {
  readonly #tell: (event: GatherableEvent) => void
  readonly #coalescing: Driver<CoalesceInput, GatherableEvent> | undefined

  constructor(clock: Clock, options: CoalesceOptions, tell: (event: GatherableEvent) => void) {
    this.#tell = tell
    if (options.coalescePeriodMs > 0 || options.userCoalescePeriodMs > 0) {
      this.#coalescing = new Driver(new EventCoalescer(options), clock, tell)
    }
  }

  take(event: GatherableEvent): void {
    if (this.#coalescing === undefined) this.#tell(event)
    else this.#coalescing.feed(event)
  }

  /** What waits is told. Whoever stops from within a listener hears no more of it. */
  stop(): void {
    this.#coalescing?.feed({ type: 'flush' })
    this.#coalescing?.[Symbol.dispose]()
  }
}
