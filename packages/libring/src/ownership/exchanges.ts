import type { Millis } from '../base/time.ts'

/** Shortest time between the beginnings of two exchanges with one member. */
const EXCHANGE_MS = 1_000

interface Exchange {
  readonly beganMs: Millis
  readonly isOpen: boolean
}

/**
 * With whom members are being exchanged, and were lately. With each there is one exchange at a
 * time, so that it is known of its end what had been said when it began.
 */
export class Exchanges {
  readonly #exchanges = new Map<string, Exchange>()

  /** Whether one may begin now; then it has. */
  begin(name: string, nowMs: Millis): boolean {
    const last = this.#exchanges.get(name)
    if (last !== undefined && (last.isOpen || nowMs < last.beganMs + EXCHANGE_MS)) return false
    this.#exchanges.set(name, { beganMs: nowMs, isOpen: true })
    return true
  }

  end(name: string): void {
    const last = this.#exchanges.get(name)
    if (last !== undefined) this.#exchanges.set(name, { ...last, isOpen: false })
  }

  /** It need not be asked any more. What is open stays so until it ends. */
  forget(name: string): void {
    if (this.#exchanges.get(name)?.isOpen === false) this.#exchanges.delete(name)
  }
}
