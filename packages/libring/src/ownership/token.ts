import { compareUtf8 } from '../base/bytes.ts'
import { invariant, OptionError } from '../base/errors.ts'

/**
 * Names one holding of index 0 and orders it among all holdings of the partition: a hybrid
 * logical clock, milliseconds since 1970 in the upper bits and a counter in the lower 16.
 */
export type Token = bigint

const COUNTER_BITS = 16n

/**
 * Tokens are below 2^63, so that every store can hold one as a signed number. What a peer may
 * show is held to half of that, the year 4199, so that it cannot use up what is left.
 */
export const TOKEN_LIMIT: Token = 1n << 63n
export const HEARD_LIMIT: Token = 1n << 62n

/** @throws {OptionError} unless `token` is one that a peer may show. */
export function requireToken(option: string, token: unknown): asserts token is Token {
  if (typeof token === 'bigint' && token >= 0n && token < HEARD_LIMIT) return
  throw new OptionError(option, 'a bigint from 0 to 2^62 less one', token)
}

/** A token in 16 hexadecimal digits, which order as the tokens do. */
export function tokenHex(token: Token): string {
  return token.toString(16).padStart(16, '0')
}

/** The time at which a clock showed `token`, in milliseconds since 1970. */
export function tokenMs(token: Token): number {
  return Number(token >> COUNTER_BITS)
}

/** Who holds index 0 of a partition, and under which token. */
export interface Holder {
  readonly token: Token
  readonly name: string
}

/** Order of two holdings of one partition. Of two that exist at once the lower one yields. */
export function compareHolders(left: Holder, right: Holder): number {
  if (left.token !== right.token) return left.token < right.token ? -1 : 1
  return compareUtf8(left.name, right.name)
}

/** Draws tokens: each above every token drawn or heard of, and at least what the clock shows. */
export class TokenClock {
  #last: Token = 0n

  /**
   * What the clock shows; never below a token drawn or heard of.
   *
   * @param wallMs milliseconds since 1970; may jump, and anything impossible counts as 1970.
   */
  read(wallMs: number): Token {
    const shown = clockOf(wallMs)
    return shown > this.#last ? shown : this.#last
  }

  /** Never draw at or below `seen`, a token or a clock of somebody else. */
  witness(seen: Token): void {
    if (seen > this.#last && seen < HEARD_LIMIT) this.#last = seen
  }

  draw(wallMs: number): Token {
    const shown = clockOf(wallMs)
    this.#last = shown > this.#last ? shown : this.#last + 1n
    invariant(this.#last < TOKEN_LIMIT, 'tokens do not run out')
    return this.#last
  }
}

function clockOf(wallMs: number): Token {
  const ms = Number.isFinite(wallMs) && wallMs > 0 ? BigInt(Math.floor(wallMs)) : 0n
  const shown = ms << COUNTER_BITS
  return shown < HEARD_LIMIT ? shown : 0n
}
