import type { Machine } from '../base/machine.ts'
import type { Millis } from '../base/time.ts'
import type { Clock, Timer } from '../ports/clock.ts'

/**
 * Runs one machine against a clock and a pair of hands.
 *
 * This is the whole of the glue: input in, effects out, one timer. The same class runs under
 * sockets and under the simulator, so there is no second code path to trust.
 *
 * Carrying out an effect may feed the driver again. The machine takes that input at once; what
 * it then asks for joins the end of the queue, so effects keep the order of decisions.
 */
export class Driver<Input, Effect> {
  readonly #machine: Machine<Input, Effect>
  readonly #clock: Clock
  readonly #perform: (effect: Effect) => void
  #timer: Timer | undefined
  #timerAtMs: Millis | undefined
  #draining = false
  #disposed = false

  constructor(machine: Machine<Input, Effect>, clock: Clock, perform: (effect: Effect) => void) {
    this.#machine = machine
    this.#clock = clock
    this.#perform = perform
  }

  /** Hand one input to the machine. Ignored once disposed. */
  feed(input: Input): void {
    if (this.#disposed) return
    this.#machine.handle(input, this.#clock.nowMs())
    this.#settle()
  }

  /** Drops effects not yet carried out and calls off the timer. */
  [Symbol.dispose](): void {
    this.#disposed = true
    this.#disarm()
  }

  /** Carry out what the machine asked for, then sleep until it next wants a tick. */
  #settle(): void {
    if (this.#draining) return
    this.#draining = true
    try {
      while (!this.#disposed) {
        const effect = this.#machine.poll()
        if (effect === undefined) break
        this.#perform(effect)
      }
    } finally {
      this.#draining = false
    }
    if (!this.#disposed) this.#arm()
  }

  #arm(): void {
    const deadlineMs = this.#machine.deadlineMs()
    if (deadlineMs === this.#timerAtMs) return
    this.#disarm()
    if (deadlineMs === undefined) return
    this.#timerAtMs = deadlineMs
    this.#timer = this.#clock.at(deadlineMs, () => this.#onTimer())
  }

  #disarm(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#timerAtMs = undefined
  }

  #onTimer(): void {
    this.#timer = undefined
    this.#timerAtMs = undefined
    if (this.#disposed) return
    this.#machine.tick(this.#clock.nowMs())
    this.#settle()
  }
}
