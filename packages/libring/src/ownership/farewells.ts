import { NO_BYTES } from '../base/bytes.ts'
import type { Millis } from '../base/time.ts'
import type { Legacy } from './messages.ts'
import type { Token } from './token.ts'

interface Farewell {
  readonly legacy: Legacy
  readonly untilMs: Millis
}

/** What was let go lately, so that whoever takes it gets token and state, even at second try. */
export class Farewells {
  readonly #keepMs: Millis
  readonly #farewells = new Map<number, Farewell>()

  constructor(keepMs: Millis) {
    this.#keepMs = keepMs
  }

  add(partition: number, token: Token, state: Uint8Array | undefined, nowMs: Millis): void {
    // Others let go in this order, so whatever is too old stands at the beginning.
    for (const [oldest, { untilMs }] of this.#farewells) {
      if (untilMs > nowMs) break
      this.#farewells.delete(oldest)
    }
    const legacy = { partition, token, state: state ?? NO_BYTES }
    this.#farewells.delete(partition)
    this.#farewells.set(partition, { legacy, untilMs: nowMs + this.#keepMs })
  }

  get(partition: number, nowMs: Millis): Legacy | undefined {
    const farewell = this.#farewells.get(partition)
    return farewell !== undefined && nowMs < farewell.untilMs ? farewell.legacy : undefined
  }

  delete(partition: number): void {
    this.#farewells.delete(partition)
  }
}
