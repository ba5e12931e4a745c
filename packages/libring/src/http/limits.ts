/** How often the event loop is looked at. */
const LOOK_MS = 500

/** How many looks in a row have to be late: a burst is over by itself, and its requests are answered. */
const LATE_LOOKS = 4

/** Watches how late the event loop is. */
export class LoopDelay {
  readonly #maxMs: number
  readonly #nowMs: () => number
  readonly #timer: NodeJS.Timeout | undefined
  #lastMs: number
  #late = 0

  /** @param maxMs 0 for no bound. */
  constructor(maxMs: number, nowMs: () => number = () => performance.now()) {
    this.#maxMs = maxMs
    this.#nowMs = nowMs
    this.#lastMs = nowMs()
    if (maxMs === 0) return
    this.#timer = setInterval(() => this.#look(), LOOK_MS)
    this.#timer.unref()
  }

  /** Whether it was beyond the bound at each of the last looks. */
  get isTooLong(): boolean {
    return this.#late >= LATE_LOOKS
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#late = 0
  }

  #look(): void {
    const nowMs = this.#nowMs()
    const delayMs = nowMs - this.#lastMs - LOOK_MS
    this.#lastMs = nowMs
    this.#late = delayMs > this.#maxMs ? this.#late + 1 : 0
  }
}
