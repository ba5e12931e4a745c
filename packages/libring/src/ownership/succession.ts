import type { Millis } from '../base/time.ts'
import { Farewells } from './farewells.ts'
import { STATE_BYTES_MAX, type Legacy } from './messages.ts'
import { TokenClock, type Token } from './token.ts'

/** What comes with taking index 0. */
export interface Inheritance {
  readonly token: Token
  /** What the holder before left, if it did. */
  readonly state: Uint8Array | undefined
  /** Name of who held it last, where somebody said so. */
  readonly from: string | undefined
}

/**
 * What goes with index 0 from one holder to the next: the token of what we hold, what others left
 * for us, and what we leave to others.
 */
export class Succession {
  readonly #clock = new TokenClock()
  readonly #wallMs: (nowMs: Millis) => number
  /** Of what we hold and of what we are letting go. */
  readonly #tokens = new Map<number, Token>()
  /** State that a handler left for the successor. */
  readonly #states = new Map<number, Uint8Array>()
  /** Best token and state that others left for us, of partitions being taken. */
  readonly #legacies = new Map<number, Legacy>()
  /** Who said last that it holds what we are taking. */
  readonly #holders = new Map<number, string>()
  readonly #farewells: Farewells

  /** @param keepMs for how long what we left is kept for whoever asks. */
  constructor(keepMs: Millis, wallMs: (nowMs: Millis) => number) {
    this.#wallMs = wallMs
    this.#farewells = new Farewells(keepMs)
  }

  /** What our token clock shows. */
  clock(nowMs: Millis): Token {
    return this.#clock.read(this.#wallMs(nowMs))
  }

  /** A token or a clock of somebody else: ours will be above it. */
  witness(seen: Token): void {
    this.#clock.witness(seen)
  }

  tokenOf(partition: number): Token | undefined {
    return this.#tokens.get(partition)
  }

  /** A partition is taken, under a new token. */
  take(partition: number, nowMs: Millis): Inheritance {
    const token = this.#draw(partition, nowMs)
    const state = this.#legacies.get(partition)?.state
    return {
      token,
      state: state === undefined || state.length === 0 ? undefined : state,
      from: this.#holders.get(partition),
    }
  }

  /** Draw a new token, above `seen`, for a holding. `undefined` without one. */
  raise(partition: number, seen: Token, nowMs: Millis): Token | undefined {
    if (!this.#tokens.has(partition)) return undefined
    this.#clock.witness(seen)
    return this.#draw(partition, nowMs)
  }

  /** `name` says that it holds what we are taking. */
  noteHolder(partition: number, name: string): void {
    this.#holders.set(partition, name)
  }

  /** Somebody left this for us, who are taking the partition. */
  inherit(legacy: Legacy): void {
    const known = this.#legacies.get(legacy.partition)
    if (known === undefined || known.token < legacy.token) {
      this.#legacies.set(legacy.partition, legacy)
    }
  }

  /** The partition is not being taken any more. */
  endTake(partition: number): void {
    this.#holders.delete(partition)
    this.#legacies.delete(partition)
  }

  /** A handler left `state` for the successor. Too much of it counts as none. */
  leave(partition: number, state: Uint8Array): void {
    if (state.length <= STATE_BYTES_MAX) this.#states.set(partition, state)
  }

  /** The partition is held: what we left before is not ours to give any more. */
  hold(partition: number): void {
    this.#farewells.delete(partition)
  }

  /** It is let go for good, if we held it. */
  letGo(partition: number, nowMs: Millis): void {
    const token = this.#tokens.get(partition)
    if (token === undefined) return
    this.#farewells.add(partition, token, this.#states.get(partition), nowMs)
    this.#tokens.delete(partition)
    this.#states.delete(partition)
  }

  /** What we left to whoever takes the partition, if we let it go lately. */
  farewell(partition: number, nowMs: Millis): Legacy | undefined {
    return this.#farewells.get(partition, nowMs)
  }

  #draw(partition: number, nowMs: Millis): Token {
    const token = this.#clock.draw(this.#wallMs(nowMs))
    this.#tokens.set(partition, token)
    return token
  }
}
