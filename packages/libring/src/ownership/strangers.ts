import type { Millis } from '../base/time.ts'

/** Most askers remembered that nobody told us of. */
const STRANGERS_MAX = 64

/**
 * Members that ask us for partitions though we do not see them. We may have told one that we have
 * nothing to do with a partition, so it has to be asked before we take that.
 */
export class Strangers {
  readonly #keepMs: Millis
  readonly #askedAtMs = new Map<string, Millis>()

  /** @param keepMs for how long a stranger that asks no more is remembered. */
  constructor(keepMs: Millis) {
    this.#keepMs = keepMs
  }

  /**
   * It asked. Where there are too many, the one that did so longest ago is forgotten.
   *
   * @returns whoever was forgotten.
   */
  add(name: string, nowMs: Millis): string | undefined {
    this.#askedAtMs.delete(name)
    this.#askedAtMs.set(name, nowMs)
    if (this.#askedAtMs.size <= STRANGERS_MAX) return undefined
    const [oldest] = this.#askedAtMs.keys()
    if (oldest !== undefined) this.#askedAtMs.delete(oldest)
    return oldest
  }

  /** It is known by now, or known to be gone. */
  delete(name: string): void {
    this.#askedAtMs.delete(name)
  }

  names(nowMs: Millis): readonly string[] {
    for (const [oldest, askedAtMs] of this.#askedAtMs) {
      if (nowMs < askedAtMs + this.#keepMs) break
      this.#askedAtMs.delete(oldest)
    }
    return [...this.#askedAtMs.keys()]
  }

  /** When the next one is forgotten. */
  deadlineMs(): Millis | undefined {
    for (const askedAtMs of this.#askedAtMs.values()) return askedAtMs + this.#keepMs
    return undefined
  }
}
