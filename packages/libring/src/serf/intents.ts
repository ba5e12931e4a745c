import { KeyedFifo } from '../base/keyed-fifo.ts'
import type { Millis } from '../base/time.ts'

/** Most names whose intents are kept. Beyond it the intent stored longest ago goes first. */
export const INTENTS_MAX = 4_096

/** A wish to join or leave, told by Serf on top of what SWIM observes. */
export interface Intent {
  readonly type: 'join' | 'leave'
  readonly ltime: bigint
}

interface Stored extends Intent {
  readonly name: string
  readonly storedAtMs: Millis
}

/** The newest intent of each name that is not a member yet: gossip may overtake membership. */
export class Intents {
  /** In the order they were stored. */
  readonly #byName = new KeyedFifo<string, Stored>()

  get size(): number {
    return this.#byName.size
  }

  /** False when an intent as new as this one is known already. */
  add(name: string, intent: Intent, nowMs: Millis): boolean {
    const known = this.#byName.get(name)
    if (known !== undefined && intent.ltime <= known.ltime) return false
    this.#byName.push(name, { ...intent, name, storedAtMs: nowMs })
    if (this.#byName.size > INTENTS_MAX) this.#byName.take()
    return true
  }

  get(name: string): Intent | undefined {
    return this.#byName.get(name)
  }

  /** Forget what was stored more than `keepMs` ago. */
  purge(keepMs: Millis, nowMs: Millis): void {
    for (const { name, storedAtMs } of this.#byName.values()) {
      if (nowMs - storedAtMs <= keepMs) return
      this.#byName.delete(name)
    }
  }
}
