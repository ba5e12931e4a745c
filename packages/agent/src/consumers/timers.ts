/** A hand for what is to happen later. */
export interface Timers {
  /** Have `call` called once, in so many milliseconds. Returns how to prevent it. */
  after(delayMs: number, call: () => void): () => void
}

/** Of this process. They keep no process alive. */
export const systemTimers: Timers = {
  after(delayMs, call) {
    const timer = setTimeout(call, delayMs).unref()
    return () => clearTimeout(timer)
  },
}
