import type { Millis } from '../base/time.ts'
import type { Clock, Timer } from '../ports/clock.ts'

/** The longest wait `setTimeout` takes, in milliseconds: beyond it fires at once. */
const DELAY_MAX_MS = 0x7fff_ffff

/** The clocks of this machine. A pending timer keeps the process alive. */
export class SystemClock implements Clock {
  nowMs(): Millis {
    return performance.now()
  }

  wallMs(): number {
    return Date.now()
  }

  at(atMs: Millis, callback: () => void): Timer {
    return new SystemTimer(atMs, callback)
  }
}

class SystemTimer implements Timer {
  readonly #atMs: Millis
  readonly #callback: () => void
  #timeout: NodeJS.Timeout | undefined

  constructor(atMs: Millis, callback: () => void) {
    this.#atMs = atMs
    this.#callback = callback
    this.#arm()
  }

  cancel(): void {
    clearTimeout(this.#timeout)
    this.#timeout = undefined
  }

  #arm(): void {
    const delayMs = Math.ceil(this.#atMs - performance.now())
    this.#timeout = setTimeout(
      () => this.#onTimeout(),
      Math.min(Math.max(delayMs, 0), DELAY_MAX_MS),
    )
  }

  /** Early when the wait was cut to the maximum, or when the event loop's clock ran ahead. */
  #onTimeout(): void {
    if (performance.now() < this.#atMs) {
      this.#arm()
      return
    }
    this.#timeout = undefined
    this.#callback()
  }
}
