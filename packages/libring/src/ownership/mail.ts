import type { Fifo } from '../base/fifo.ts'
import type { Millis } from '../base/time.ts'
import type { OwnershipEffect } from './effects.ts'
import type { PeerHeader, PeerMessage } from './messages.ts'
import type { Succession } from './succession.ts'

/** Most holdings that one message tells of, so that it stays below 1 MiB. */
const HOLDINGS_MAX = 16_384

/** A message without what every message says of its sender. */
export type Content = {
  [T in PeerMessage['type']]: Omit<Extract<PeerMessage, { type: T }>, keyof PeerHeader>
}[PeerMessage['type']]

/** What the local member says to others, each with who says it and what it sees. */
export class Mail {
  /** Of the partition count and the key hash. */
  readonly space: number
  readonly #computeDigest: () => number
  readonly #effects: Fifo<OwnershipEffect>
  readonly #succession: Succession
  #life: bigint | undefined
  #messages = 0
  #digest: number | undefined

  /** @param digest of all that is seen, computed when it is needed. */
  constructor(
    space: number,
    digest: () => number,
    effects: Fifo<OwnershipEffect>,
    succession: Succession,
  ) {
    this.space = space
    this.#computeDigest = digest
    this.#effects = effects
    this.#succession = succession
  }

  /** Which process of our name this is; `undefined` before its first message. */
  get life(): bigint | undefined {
    return this.#life
  }

  /** Of all that is seen. */
  get digest(): number {
    return (this.#digest ??= this.#computeDigest())
  }

  /** Something is seen otherwise. */
  see(): void {
    this.#digest = undefined
  }

  send(to: string, content: Content, nowMs: Millis): void {
    const clock = this.#succession.clock(nowMs)
    this.#life ??= clock
    const { space, digest } = this
    const seq = ++this.#messages
    const message = { life: this.#life, seq, clock, digest, space, ...content }
    this.#effects.push({ type: 'peer-message', to, message })
  }

  /** Say that these partitions are held, in as many messages as it takes. */
  tell(to: string, type: 'acquired' | 'offer', partitions: readonly number[], nowMs: Millis): void {
    for (let from = 0; from < partitions.length; from += HOLDINGS_MAX) {
      const holdings = partitions.slice(from, from + HOLDINGS_MAX).map((partition) => {
        return { partition, token: this.#succession.tokenOf(partition) ?? 0n }
      })
      this.send(to, { type, holdings }, nowMs)
    }
  }
}
