import { timingSafeEqual } from 'node:crypto'
import type { AttachMode } from './consumer.ts'
import type { Consumers } from './consumers.ts'
import { ConsumerSession } from './session.ts'
import { systemTimers, type Timers } from './timers.ts'

export interface SessionsOptions {
  /**
   * How long a consumer may be without a connection before what is held goes to others, in
   * milliseconds.
   *
   * @defaultValue 10000
   */
  readonly consumerTimeoutMs?: number
  /** @defaultValue those of this process */
  readonly timers?: Timers
}

/** The session of the consumer attached over HTTP, where there is one. */
export class ConsumerSessions {
  readonly consumerTimeoutMs: number
  readonly #consumers: Consumers
  readonly #timers: Timers
  #current: ConsumerSession | undefined

  constructor(consumers: Consumers, options: SessionsOptions = {}) {
    this.#consumers = consumers
    this.consumerTimeoutMs = options.consumerTimeoutMs ?? 10_000
    this.#timers = options.timers ?? systemTimers
  }

  get current(): ConsumerSession | undefined {
    return this.#current
  }

  /** The session of that id; `undefined` once it is over. */
  find(id: string): ConsumerSession | undefined {
    const current = this.#current
    if (current === undefined || id.length !== current.id.length) return undefined
    const [left, right] = [Buffer.from(id), Buffer.from(current.id)]
    return left.length === right.length && timingSafeEqual(left, right) ? current : undefined
  }

  /** @throws {ConsumerAttachedError} when a consumer is attached, unless `mode` is `takeover`. */
  open(mode: AttachMode): ConsumerSession {
    const session = new ConsumerSession({
      consumers: this.#consumers,
      mode,
      timers: this.#timers,
      timeoutMs: this.consumerTimeoutMs,
      onEnd: () => {
        if (this.#current === session) this.#current = undefined
      },
    })
    this.#current = session
    return session
  }

  /** End whatever is open. */
  close(): void {
    this.#current?.end()
  }
}
