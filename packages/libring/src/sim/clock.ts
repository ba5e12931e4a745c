import { TimeHeap, type Dated } from '../base/time-heap.ts'
import type { Millis } from '../base/time.ts'
import type { Clock, Timer } from '../ports/clock.ts'

interface Entry extends Dated {
  /** `undefined` once called off: the entry stays in the heap until it surfaces. */
  callback: (() => void) | undefined
}

/** Wall-clock time at virtual time 0: 2026-01-01T00:00:00Z. */
const EPOCH_MS = 1_767_225_600_000

/**
 * Virtual time: a heap of what is to happen, and a hand that jumps from one entry to the next.
 *
 * Everything in a simulation that happens later happens here, in one order: by time, then in
 * the order in which it was asked for.
 */
export class SimClock implements Clock {
  readonly #heap = new TimeHeap<Entry>()
  #nowMs: Millis = 0
  #order = 0
  #cancelled = 0

  nowMs(): Millis {
    return this.#nowMs
  }

  wallMs(): number {
    return EPOCH_MS + this.#nowMs
  }

  at(atMs: Millis, callback: () => void): Timer {
    const entry: Entry = { atMs: Math.max(atMs, this.#nowMs), order: this.#order++, callback }
    this.#heap.push(entry)
    return { cancel: () => this.#cancel(entry) }
  }

  /** Call `callback` once, `delayMs` from now. */
  after(delayMs: Millis, callback: () => void): Timer {
    return this.at(this.#nowMs + delayMs, callback)
  }

  /** Entries waiting. */
  get pending(): number {
    return this.#heap.size - this.#cancelled
  }

  /** Run everything due up to and including `untilMs`, and stop there. */
  runUntil(untilMs: Millis): void {
    while (this.step(untilMs));
  }

  /**
   * Run the next thing due up to and including `untilMs`. Where there is none, time goes on to
   * there.
   *
   * @returns whether there was one.
   */
  step(untilMs: Millis): boolean {
    const entry = this.#takeDue(untilMs)
    this.#nowMs = Math.max(this.#nowMs, entry?.atMs ?? untilMs)
    if (entry === undefined) return false
    const { callback } = entry
    entry.callback = undefined
    callback?.()
    return true
  }

  #cancel(entry: Entry): void {
    if (entry.callback === undefined) return
    entry.callback = undefined
    this.#cancelled++
    if (this.#cancelled <= 1_024 || this.#cancelled <= this.#heap.size / 2) return
    this.#heap.keepOnly(({ callback }) => callback !== undefined)
    this.#cancelled = 0
  }

  #takeDue(untilMs: Millis): Entry | undefined {
    for (;;) {
      const top = this.#heap.peek()
      if (top === undefined || top.atMs > untilMs) return undefined
      this.#heap.pop()
      if (top.callback !== undefined) return top
      this.#cancelled--
    }
  }
}
