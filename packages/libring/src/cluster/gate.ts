import { Deferred } from '../gossip/deferred.ts'

/** What the user is told goes through here, and waits while it is closed. */
export class Gate {
  readonly #check: () => void
  #opened: Deferred<void> | undefined

  /** @param check called whenever somebody comes to the gate; it may close it. */
  constructor(check: () => void = () => {}) {
    this.#check = check
  }

  close(): void {
    this.#opened ??= new Deferred<void>()
  }

  open(): void {
    this.#opened?.resolve()
    this.#opened = undefined
  }

  /**
   * Call `call`, now or once the gate is open. At once, it is as if it had been called without a
   * gate: it returns and throws the same.
   *
   * @param signal where this has aborted while it was waited, it is not called, and the reason is
   *   thrown.
   */
  pass(call: () => unknown, signal?: AbortSignal): unknown {
    this.#check()
    return this.#opened === undefined ? call() : this.#passLater(call, signal)
  }

  async #passLater(call: () => unknown, signal: AbortSignal | undefined): Promise<unknown> {
    while (this.#opened !== undefined) await this.#opened.promise
    signal?.throwIfAborted()
    return await this.pass(call, signal)
  }
}
