import type { JoinInput } from './effects.ts'

/** Joins on their way, by our number for each; those that nobody asked for have a number only. */
export class OpenJoins {
  readonly #asked = new Map<number, JoinInput>()
  #last = 0

  /** Joins that somebody waits for. */
  get size(): number {
    return this.#asked.size
  }

  /** Whether one of them is to tell of no events from before it. */
  get ignoresOldEvents(): boolean {
    for (const { type, replay } of this.#asked.values()) {
      if (type === 'join' && replay !== true) return true
    }
    return false
  }

  /** @param asked what the caller wants, when there is one. */
  open(asked?: JoinInput): number {
    const join = ++this.#last
    if (asked !== undefined) this.#asked.set(join, asked)
    return join
  }

  /** What the caller wanted, once. */
  close(join: number): JoinInput | undefined {
    const asked = this.#asked.get(join)
    this.#asked.delete(join)
    return asked
  }
}
