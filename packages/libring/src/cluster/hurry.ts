import { Deferred } from '../gossip/deferred.ts'

/** Whether whoever ends us still has the patience to wait. */
export class Hurry {
  readonly #controller = new AbortController()

  get isOn(): boolean {
    return this.#controller.signal.aborted
  }

  /** There is no patience any more. */
  start(): void {
    this.#controller.abort()
  }

  /** Until `work` is done, or the patience is over. */
  async unless(work: Promise<void>): Promise<void> {
    const { signal } = this.#controller
    const hurried = new Deferred<void>()
    const onAbort = (): void => hurried.resolve()
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort)
    try {
      await Promise.race([work, hurried.promise])
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }
}
