import type { Fifo } from '../base/fifo.ts'
import type { Millis } from '../base/time.ts'
import type { OwnershipEffect } from './effects.ts'

/** Shortest time between two requests to exchange members with one member. */
const EXCHANGE_MS = 1_000

/** Has the local member and others tell each other whom they see, not more often than is of use. */
export class Exchanges {
  readonly #effects: Fifo<OwnershipEffect>
  readonly #askedAtMs = new Map<string, Millis>()

  constructor(effects: Fifo<OwnershipEffect>) {
    this.#effects = effects
  }

  want(name: string, nowMs: Millis): void {
    if (nowMs < (this.#askedAtMs.get(name) ?? -Infinity) + EXCHANGE_MS) return
    this.#askedAtMs.set(name, nowMs)
    this.#effects.push({ type: 'exchange', with: name })
  }

  /** It is not there any more. */
  forget(name: string): void {
    this.#askedAtMs.delete(name)
  }
}
