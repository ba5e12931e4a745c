import type { Millis } from '../base/time.ts'
import type { Outlet } from './outlet.ts'

/** Force-leaves that can be under way at one time. Further ones are answered as not spread. */
const FORCE_LEAVES_MAX = 1_024

/** Members that we said have left, for as long as the word is being spread. */
export class ForceLeaves {
  readonly #outlet: Outlet
  readonly #timeoutMs: Millis
  /** Names by ticket. */
  readonly #names = new Map<number, string>()

  /** @param timeoutMs how long the word may take to spread. */
  constructor(outlet: Outlet, timeoutMs: Millis) {
    this.#outlet = outlet
    this.#timeoutMs = timeoutMs
  }

  /** Spread an intent about a member. */
  spread(name: string, intent: Uint8Array, nowMs: Millis): void {
    const ticket = this.#outlet.nextTicket()
    const hasRoom = this.#names.size < FORCE_LEAVES_MAX
    if (!hasRoom || !this.#outlet.spread('intents', intent, ticket)) {
      return this.tell(name, { spread: false })
    }
    this.#names.set(ticket, name)
    this.#outlet.deadlines.set(`force-leave:${ticket}`, nowMs + this.#timeoutMs)
  }

  /** A broadcast is over, one of ours or not. */
  over(ticket: number, result: { readonly spread: boolean }): void {
    const name = this.#names.get(ticket)
    if (name === undefined) return
    this.#names.delete(ticket)
    this.#outlet.deadlines.clear(`force-leave:${ticket}`)
    this.tell(name, result)
  }

  tell(name: string, { spread }: { readonly spread: boolean }): void {
    this.#outlet.tell({ type: 'force-left', name, spread })
  }
}
