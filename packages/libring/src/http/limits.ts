import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks'

/** How often the delay is looked at. */
const LOOK_MS = 500

/** How finely it is measured. */
const RESOLUTION_MS = 20

/** Watches how late the event loop is. */
export class LoopDelay {
  readonly #maxMs: number
  readonly #histogram: IntervalHistogram | undefined
  readonly #timer: NodeJS.Timeout | undefined
  #isTooLong = false

  /** @param maxMs 0 for no bound. */
  constructor(maxMs: number) {
    this.#maxMs = maxMs
    if (maxMs === 0) return
    this.#histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
    this.#histogram.enable()
    this.#timer = setInterval(() => this.#look(), LOOK_MS)
    this.#timer.unref()
  }

  /** Whether its mean over the last half second was beyond the bound. */
  get isTooLong(): boolean {
    return this.#isTooLong
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#histogram?.disable()
    this.#isTooLong = false
  }

  #look(): void {
    const histogram = this.#histogram!
    // What is recorded is the time between two looks of the histogram itself.
    const delayMs = histogram.mean / 1e6 - RESOLUTION_MS
    this.#isTooLong = delayMs > this.#maxMs
    histogram.reset()
  }
}
