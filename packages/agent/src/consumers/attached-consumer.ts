import type { Consumer, ConsumerStep } from './consumer.ts'
import type { Timers } from './timers.ts'

/** How long after a consumer refused what was told again, in milliseconds. */
const RETRY_MS = 1_000

/** The consumer left before it was done with the step. */
export const GONE: unique symbol = Symbol('gone')

interface Retelling {
  readonly controller: AbortController
  readonly done: Promise<void>
}

/** One consumer while it is attached: what it was told, and what it is told again. */
export class AttachedConsumer {
  readonly consumer: Consumer
  readonly #timers: Timers
  readonly #gone = new AbortController()
  /** Partitions it was told to acquire. */
  readonly #told = new Set<number>()
  readonly #retellings = new Map<number, Retelling>()

  constructor(consumer: Consumer, timers: Timers) {
    this.consumer = consumer
    this.#timers = timers
  }

  get isGone(): boolean {
    return this.#gone.signal.aborted
  }

  end(): void {
    this.#gone.abort()
  }

  /** Have it take the step. @throws whatever it rejects with, unless it is gone by then. */
  async take(
    step: ConsumerStep,
    signal: AbortSignal,
  ): Promise<Uint8Array | undefined | typeof GONE> {
    const { partition } = step
    const retelling = this.#retellings.get(partition)
    retelling?.controller.abort()
    await retelling?.done
    if (this.isGone) return GONE
    signal.throwIfAborted()
    if (step.type === 'release' && !this.#told.delete(partition)) return undefined
    const suited = step.type === 'change' && !this.#told.has(partition) ? asAcquire(step) : step
    if (step.type !== 'release') this.#told.add(partition)
    try {
      return await this.consumer.take(suited, AbortSignal.any([signal, this.#gone.signal]))
    } catch (error) {
      if (this.isGone) return GONE
      throw error
    }
  }

  /** Tell it to acquire what an earlier consumer held, until it does or that is called off. */
  retell(step: ConsumerStep): void {
    const controller = new AbortController()
    const { partition } = step
    this.#told.add(partition)
    const done = this.#retellUntilTaken(step, controller.signal).finally(() => {
      this.#retellings.delete(partition)
    })
    this.#retellings.set(partition, { controller, done })
  }

  async #retellUntilTaken(step: ConsumerStep, calledOff: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([calledOff, this.#gone.signal])
    while (!signal.aborted) {
      try {
        await this.consumer.take(asAcquire(step), signal)
        return
      } catch {
        if (!signal.aborted) await this.#wait(signal)
      }
    }
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#timers.after(RETRY_MS, () => {
        signal.removeEventListener('abort', stop)
        resolve()
      })
      const stop = (): void => {
        cancel()
        resolve()
      }
      signal.addEventListener('abort', stop, { once: true })
    })
  }
}

function asAcquire(step: ConsumerStep): ConsumerStep {
  const { previousReplica: _, to: __, ...rest } = step
  return { ...rest, type: 'acquire' }
}
