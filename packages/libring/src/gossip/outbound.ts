import type { Address } from '../base/address.ts'
import type { Millis } from '../base/time.ts'
import type { Clock, Timer } from '../ports/clock.ts'
import type { Stream, StreamHandler, Transport } from '../ports/transport.ts'
import type { StreamMessage } from '../wire/messages.ts'
import type { Security } from '../wire/security.ts'
import { StreamDecoder } from '../wire/stream.ts'

/** What became of a stream that we dialled. One of these for every dial not abandoned. */
export type OutboundInput =
  | { readonly type: 'reply'; readonly dial: number; readonly message: StreamMessage }
  | { readonly type: 'dial-failed'; readonly dial: number; readonly reason: string }

/** Streams that we dialled: each carries one request out and one answer in, within a deadline. */
export class OutboundStreams {
  readonly #clock: Clock
  readonly #transport: Transport
  readonly #timeoutMs: Millis
  readonly #security: Security
  readonly #feed: (input: OutboundInput) => void
  readonly #open = new Map<number, Outbound>()

  constructor(setup: {
    readonly clock: Clock
    readonly transport: Transport
    readonly timeoutMs: Millis
    readonly security: Security
    readonly feed: (input: OutboundInput) => void
  }) {
    this.#clock = setup.clock
    this.#transport = setup.transport
    this.#timeoutMs = setup.timeoutMs
    this.#security = setup.security
    this.#feed = setup.feed
  }

  /** Streams still waiting for their answer. */
  get size(): number {
    return this.#open.size
  }

  dial(dial: number, to: Address, bytes: Uint8Array): void {
    const outbound = new Outbound(this.#security, (outcome) => this.#settle(dial, outcome))
    this.#open.set(dial, outbound)
    outbound.stream = this.#transport.dial(to, outbound)
    // The write side stays open until the answer is there: load balancers and proxies tend to
    // take half a close for a whole one.
    outbound.stream.write(bytes)
    outbound.timer = this.#clock.at(this.#clock.nowMs() + this.#timeoutMs, () => {
      this.#settle(dial, { reason: `no answer within ${this.#timeoutMs} ms` })
    })
  }

  /** Drop a stream whose answer is no longer wanted. */
  abandon(dial: number): void {
    this.#take(dial)?.stream?.destroy()
  }

  closeAll(): void {
    for (const dial of this.#open.keys()) this.abandon(dial)
  }

  #settle(dial: number, outcome: Outcome): void {
    const outbound = this.#take(dial)
    if (outbound === undefined) return
    // Peers close once they have answered; one that does not must not hold our end open.
    outbound.stream?.destroy()
    if ('message' in outcome) this.#feed({ type: 'reply', dial, message: outcome.message })
    else this.#feed({ type: 'dial-failed', dial, reason: outcome.reason })
  }

  #take(dial: number): Outbound | undefined {
    const outbound = this.#open.get(dial)
    outbound?.timer?.cancel()
    this.#open.delete(dial)
    return outbound
  }
}

type Outcome = { readonly message: StreamMessage } | { readonly reason: string }

class Outbound implements StreamHandler {
  stream: Stream | undefined
  timer: Timer | undefined
  readonly #onOutcome: (outcome: Outcome) => void
  readonly #decoder: StreamDecoder

  constructor(security: Security, onOutcome: (outcome: Outcome) => void) {
    this.#decoder = new StreamDecoder('accepting', security)
    this.#onOutcome = onOutcome
  }

  onBytes(bytes: Uint8Array): void {
    const result = this.#decoder.push(bytes)
    if (result.status === 'more') return
    this.#onOutcome(
      result.status === 'message'
        ? { message: result.message }
        : { reason: `an answer that is no message: ${result.fault}` },
    )
  }

  onEnd(): void {
    this.#onOutcome({ reason: 'closed before the answer was whole' })
  }

  onClosed(error: Error | undefined): void {
    this.#onOutcome({ reason: error?.message ?? 'closed before the answer was whole' })
  }
}
