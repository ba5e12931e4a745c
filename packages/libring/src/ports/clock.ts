import type { Millis } from '../base/time.ts'

/** Something that was asked for at a later time and can be called off. */
export interface Timer {
  /** Does nothing once it has fired. */
  cancel(): void
}

/** Time. The real one reads the machine's monotonic clock; the simulated one jumps. */
export interface Clock {
  /** Monotonic. Only differences mean something. */
  nowMs(): Millis

  /** Milliseconds since 1970 by the wall clock. May jump. */
  wallMs(): number

  /** Call `callback` once, at or after `atMs`, never from within this call. */
  at(atMs: Millis, callback: () => void): Timer
}
