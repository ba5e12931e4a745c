/**
 * Milliseconds. Points in time are read from a clock that never goes back and starts
 * anywhere; only differences between two of them mean something. May have a fraction.
 */
export type Millis = number
