import type { Millis } from '../base/time.ts'
import type { OwnershipEvent } from '../ownership/event.ts'
import type { Token } from '../ownership/token.ts'
import type { Clock } from '../ports/clock.ts'
import { Fence } from './fence.ts'
import { Gate } from './gate.ts'
import { HeldPartitions, type Held } from './held.ts'

/**
 * Keeps a process that was stopped from going on as if nothing had happened: whatever it held has
 * ended, and the user is told nothing before it is known how things stand.
 */
export class Fencing {
  /** What the user is told goes through here. Closed from a stall until {@link goOn}. */
  readonly gate: Gate = new Gate(() => this.check())
  readonly #fence: Fence
  readonly #held: HeldPartitions

  constructor(setup: {
    readonly clock: Clock
    /** The longest stall that others do not notice, as things are. */
    readonly limitMs: () => Millis
    /** Told of each stall before anything else happens. Whatever is held has to {@link lapse}. */
    readonly onStall: (durationMs: Millis) => void
  }) {
    const { clock, limitMs, onStall } = setup
    this.#fence = new Fence({
      clock,
      limitMs,
      onStall: (durationMs) => {
        this.gate.close()
        onStall(durationMs)
      },
    })
    this.#held = new HeldPartitions(this.#fence)
  }

  /** The clock, with {@link check} before whatever it calls. */
  get clock(): Clock {
    return this.#fence.clock
  }

  start(): void {
    this.#fence.start()
  }

  /** Hold nothing more, for good. */
  stop(): void {
    this.#fence.stop()
    this.#held.endAll('the cluster was stopped')
  }

  /** Before whatever the process does for itself: see whether it has been running. */
  check(): void {
    this.#fence.check()
  }

  /** Others may have what is held: all of it has ended. */
  lapse(): void {
    this.#held.endAll('the process was stopped for too long')
  }

  /** It is known again how things stand. */
  goOn(): void {
    this.gate.open()
  }

  /** Follow a step of ownership. */
  apply(event: OwnershipEvent): void {
    this.#held.apply(event)
  }

  /** The holding that begins has another token. */
  retoken(partition: number, token: Token): void {
    this.#held.retoken(partition, token)
  }

  held(partition: number): Held | undefined {
    return this.#held.get(partition)
  }
}
