import type { MemberEvent } from '../base/member.ts'
import { requireFunction } from '../base/require.ts'
import type { Logger } from '../ports/logger.ts'
import type { MemberListener } from '../ports/membership.ts'
import { callListener } from './listeners.ts'

/** Who hears of every change of membership. */
export class MemberListeners {
  readonly #logger: Logger
  readonly #listeners = new Set<{ readonly listener: MemberListener }>()

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** Returns how to stop. */
  add(listener: MemberListener): () => void {
    requireFunction('listener', listener)
    const subscription = { listener }
    this.#listeners.add(subscription)
    return () => void this.#listeners.delete(subscription)
  }

  tell(event: MemberEvent): void {
    // Those who subscribe while it is told hear of the next one.
    for (const subscription of [...this.#listeners]) {
      if (!this.#listeners.has(subscription)) continue
      callListener(subscription.listener, event, (error) => {
        this.#logger.error('a member listener threw', { error })
      })
    }
  }
}
