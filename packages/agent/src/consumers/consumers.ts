import type { Handled, OwnershipEvent, OwnershipHandlers } from 'libring'
import { AttachedConsumer, GONE } from './attached-consumer.ts'
import {
  ConsumerAttachedError,
  stepOf,
  type Attachment,
  type AttachMode,
  type Consumer,
  type ConsumerStep,
} from './consumer.ts'
import { systemTimers, type Timers } from './timers.ts'

export interface ConsumersOptions {
  /** Hears when the first consumer is there and when none is left, to set and drop a watched tag. */
  readonly onAttached?: (isAttached: boolean) => void
  /** @defaultValue those of this process */
  readonly timers?: Timers
}

/**
 * Between a cluster and whoever serves what it holds: one consumer at a time. Made before the
 * cluster, which gets the `handlers`.
 *
 * Without a consumer nothing is kept waiting: what is to be let go is let go at once. An acquire
 * waits for a consumer, or for its being called off. A consumer that attaches while partitions are
 * held is told to acquire each of them.
 */
export class Consumers {
  readonly handlers: Required<OwnershipHandlers>
  readonly #onAttached: (isAttached: boolean) => void
  readonly #timers: Timers
  /** The last step of each partition held. Without its state: one consumer gets that once. */
  readonly #held = new Map<number, ConsumerStep>()
  /** Steps with a handler at work, which itself turns to the next consumer, by partition. */
  readonly #busy = new Map<number, ConsumerStep>()
  readonly #waiting = new Set<() => void>()
  #attached: AttachedConsumer | undefined

  constructor(options: ConsumersOptions = {}) {
    this.#onAttached = options.onAttached ?? (() => {})
    this.#timers = options.timers ?? systemTimers
    const take = (event: Handled<OwnershipEvent>): Promise<Uint8Array | undefined> =>
      this.#take(event)
    this.handlers = { onAcquire: take, onRelease: take, onChange: take }
  }

  get isAttached(): boolean {
    return this.#attached !== undefined
  }

  /** Partitions held, or about to be. */
  get heldCount(): number {
    return this.#held.size
  }

  /** @throws {ConsumerAttachedError} when there is one already, unless `mode` is `takeover`. */
  attach(consumer: Consumer, mode: AttachMode = 'refuse'): Attachment {
    const before = this.#attached
    if (before !== undefined && mode === 'refuse') throw new ConsumerAttachedError()
    const attached = new AttachedConsumer(consumer, this.#timers)
    this.#attached = attached
    before?.end()
    before?.consumer.replaced?.()
    for (const [partition, step] of this.#held) {
      if (!this.#busy.has(partition)) attached.retell(step)
    }
    for (const wake of [...this.#waiting]) wake()
    if (before === undefined) this.#onAttached(true)
    return { end: () => this.#end(attached) }
  }

  #end(attached: AttachedConsumer): void {
    attached.end()
    if (this.#attached !== attached) return
    this.#attached = undefined
    this.#onAttached(false)
  }

  async #take(event: Handled<OwnershipEvent>): Promise<Uint8Array | undefined> {
    const step = stepOf(event)
    const { partition } = step
    const { state: _, ...kept } = step
    if (step.type === 'release') this.#held.delete(partition)
    else this.#held.set(partition, kept)
    this.#busy.set(partition, step)
    try {
      return await this.#untilTaken(step, event.signal)
    } finally {
      // One that was given up may end after the next has begun.
      if (this.#busy.get(partition) === step) this.#busy.delete(partition)
    }
  }

  async #untilTaken(step: ConsumerStep, signal: AbortSignal): Promise<Uint8Array | undefined> {
    // One turn for each consumer that comes.
    for (;;) {
      const attached = this.#attached
      if (attached !== undefined) {
        const outcome = await attached.take(step, signal)
        if (outcome !== GONE) return outcome
      } else if (step.type === 'acquire') {
        await this.#nextConsumer(signal)
      } else {
        return undefined
      }
    }
  }

  #nextConsumer(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    return new Promise((resolve, reject) => {
      const wake = (): void => {
        this.#waiting.delete(wake)
        signal.removeEventListener('abort', stop)
        resolve()
      }
      const stop = (): void => {
        this.#waiting.delete(wake)
        reject(signal.reason as Error)
      }
      this.#waiting.add(wake)
      signal.addEventListener('abort', stop, { once: true })
    })
  }
}
