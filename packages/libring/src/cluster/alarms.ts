import { Deadlines } from '../base/deadlines.ts'
import type { Millis } from '../base/time.ts'
import type { Clock, Timer } from '../ports/clock.ts'

/** Points in time by number, and one timer for the soonest. */
export class Alarms {
  readonly #clock: Clock
  readonly #onDue: (key: number) => void
  readonly #deadlines = new Deadlines()
  #timer: Timer | undefined
  #timerAtMs: Millis | undefined

  /** @param onDue told of each number whose time has come, the soonest first. It may set others. */
  constructor(clock: Clock, onDue: (key: number) => void) {
    this.#clock = clock
    this.#onDue = onDue
  }

  has(key: number): boolean {
    return this.#deadlines.has(String(key))
  }

  /** In place of the time that was set for the number before. */
  set(key: number, atMs: Millis): void {
    this.#deadlines.set(String(key), atMs)
    this.#arm()
  }

  clear(key: number): void {
    this.#deadlines.clear(String(key))
    this.#arm()
  }

  clearAll(): void {
    this.#deadlines.clearAll()
    this.#arm()
  }

  #arm(): void {
    const atMs = this.#deadlines.nextMs()
    if (atMs === this.#timerAtMs) return
    this.#timer?.cancel()
    this.#timerAtMs = atMs
    this.#timer = atMs === undefined ? undefined : this.#clock.at(atMs, () => this.#ring())
  }

  #ring(): void {
    this.#timerAtMs = undefined
    const nowMs = this.#clock.nowMs()
    for (;;) {
      const key = this.#deadlines.takeDue(nowMs)
      if (key === undefined) break
      this.#onDue(Number(key))
    }
    this.#arm()
  }
}
