import type { Millis } from '../base/time.ts'
import type { Clock, Timer } from '../ports/clock.ts'

/** What both clocks showed at one moment. */
export interface ClockReading {
  /** Monotonic. */
  readonly nowMs: Millis
  /** Since 1970. */
  readonly wallMs: number
}

/** This part of the limit is kept for what was under way when we stopped, and for our own beat. */
const MARGIN = 8

/**
 * For how long the process may not have run, between two moments at which it did.
 *
 * Whichever clock shows more is believed. The monotonic one stands still while a machine is
 * suspended, and then only the wall clock tells; a wall clock that is set forward looks just the
 * same, and is taken for the same, since the opposite mistake would be the worse one. One that is
 * set back hides nothing from the monotonic one.
 */
export function stalledMs(before: ClockReading, now: ClockReading): Millis {
  return Math.max(now.nowMs - before.nowMs, now.wallMs - before.wallMs)
}

/**
 * The stall from which on others may have what we hold: they have declared us dead, or have asked
 * for a whole `handoffTimeoutMs` without hearing a word. An eighth less than the shorter of the
 * two, since a ping or a question may have been on its way when we stopped.
 */
export function stallLimitMs(deathAfterMs: Millis, handoffTimeoutMs: Millis): Millis {
  if (deathAfterMs === Infinity) return Infinity
  return Math.min(deathAfterMs, handoffTimeoutMs) * (1 - 1 / MARGIN)
}

/**
 * Notices that the process has not run for a while: stopped, suspended, starved of the processor,
 * or kept busy by one long piece of work.
 *
 * It ran when its timer last fired, which is the last time at which it is known to have answered
 * others. That somebody asks {@link hasStalled} proves nothing: whoever asks in a long loop keeps
 * the process from answering.
 */
export class Fence {
  /** The clock, with {@link check} before whatever it calls. */
  readonly clock: Clock
  readonly #clock: Clock
  readonly #limitMs: () => Millis
  readonly #onStall: (durationMs: Millis) => void
  #ranAt: ClockReading = { nowMs: Infinity, wallMs: Infinity }
  /** As it was when the process last ran: what counts is what others knew of it then. */
  #limitThenMs: Millis = Infinity
  #stalledMs: Millis | undefined
  #timer: Timer | undefined

  constructor(setup: {
    readonly clock: Clock
    /** The longest stall that others do not notice, as things are. */
    readonly limitMs: () => Millis
    /** Told of each stall once, before anything else happens. */
    readonly onStall: (durationMs: Millis) => void
  }) {
    const { clock } = setup
    this.#clock = clock
    this.#limitMs = setup.limitMs
    this.#onStall = setup.onStall
    this.clock = {
      nowMs: () => clock.nowMs(),
      wallMs: () => clock.wallMs(),
      at: (atMs, callback) =>
        clock.at(atMs, () => {
          this.check()
          callback()
        }),
    }
  }

  /** Watch from now on. */
  start(): void {
    if (this.#timer === undefined) this.#beat()
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#ranAt = { nowMs: Infinity, wallMs: Infinity }
  }

  /** Whether there is a stall that {@link check} has yet to tell. Asks the clocks, no timer. */
  get hasStalled(): boolean {
    if (this.#stalledMs !== undefined) return true
    const forMs = stalledMs(this.#ranAt, this.#read())
    if (forMs > this.#limitThenMs) this.#stalledMs = forMs
    return this.#stalledMs !== undefined
  }

  /** Tell of a stall, if there was one. Before whatever the process does for itself. */
  check(): void {
    if (!this.hasStalled) return
    const durationMs = this.#stalledMs!
    this.#note()
    this.#onStall(durationMs)
  }

  #beat(): void {
    this.check()
    this.#note()
    // Where nobody is ever declared dead there is nothing to notice.
    if (this.#limitThenMs === Infinity) return
    const atMs = this.#ranAt.nowMs + this.#limitThenMs / MARGIN
    this.#timer = this.#clock.at(atMs, () => this.#beat())
  }

  /** The process runs, and answers. */
  #note(): void {
    this.#stalledMs = undefined
    this.#ranAt = this.#read()
    this.#limitThenMs = this.#limitMs()
  }

  #read(): ClockReading {
    return { nowMs: this.#clock.nowMs(), wallMs: this.#clock.wallMs() }
  }
}
