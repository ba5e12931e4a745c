import type { Millis } from '../base/time.ts'
import type { Clock, Timer } from '../ports/clock.ts'

interface Entry {
  readonly atMs: Millis
  /** Breaks ties: what was asked for first fires first. */
  readonly seq: number
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
  readonly #heap: Entry[] = []
  #nowMs: Millis = 0
  #seq = 0
  #cancelled = 0

  nowMs(): Millis {
    return this.#nowMs
  }

  wallMs(): number {
    return EPOCH_MS + this.#nowMs
  }

  at(atMs: Millis, callback: () => void): Timer {
    const entry: Entry = { atMs: Math.max(atMs, this.#nowMs), seq: this.#seq++, callback }
    this.#push(entry)
    return { cancel: () => this.#cancel(entry) }
  }

  /** Call `callback` once, `delayMs` from now. */
  after(delayMs: Millis, callback: () => void): Timer {
    return this.at(this.#nowMs + delayMs, callback)
  }

  /** Entries waiting. */
  get pending(): number {
    return this.#heap.length - this.#cancelled
  }

  /** Run everything due up to and including `untilMs`, and stop there. */
  runUntil(untilMs: Millis): void {
    for (let entry = this.#takeDue(untilMs); entry !== undefined; entry = this.#takeDue(untilMs)) {
      this.#nowMs = entry.atMs
      const { callback } = entry
      entry.callback = undefined
      callback?.()
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs)
  }

  #cancel(entry: Entry): void {
    if (entry.callback === undefined) return
    entry.callback = undefined
    this.#cancelled++
    if (this.#cancelled > 1_024 && this.#cancelled > this.#heap.length / 2) this.#compact()
  }

  #takeDue(untilMs: Millis): Entry | undefined {
    for (;;) {
      const top = this.#heap[0]
      if (top === undefined || top.atMs > untilMs) return undefined
      this.#pop()
      if (top.callback !== undefined) return top
      this.#cancelled--
    }
  }

  /** A sorted array is a heap. */
  #compact(): void {
    const live = this.#heap.filter(({ callback }) => callback !== undefined)
    live.sort((left, right) => (isBefore(left, right) ? -1 : 1))
    this.#heap.length = 0
    for (const entry of live) this.#heap.push(entry)
    this.#cancelled = 0
  }

  #push(entry: Entry): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(entry)
    while (at > 0) {
      const parent = (at - 1) >>> 1
      if (!isBefore(entry, heap[parent]!)) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = entry
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()!
    if (heap.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
      if (!isBefore(heap[child]!, last)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = last
  }
}

function isBefore(left: Entry, right: Entry): boolean {
  return left.atMs < right.atMs || (left.atMs === right.atMs && left.seq < right.seq)
}
