import { randomBytes } from 'node:crypto'
import type { Attachment, AttachMode, Consumer, ConsumerStep } from './consumer.ts'
import type { Consumers } from './consumers.ts'
import { Outbox, type OutboxEntry } from './outbox.ts'
import type { Timers } from './timers.ts'

/** Where a session's steps go while the consumer is connected. */
export interface SessionStream {
  /** Whether steps wait until the consumer has read what it was sent, and `resume` was called. */
  readonly isFull: boolean
  /** In the order of ids. */
  step(entry: OutboxEntry): void
  /** The step is not to be dealt with any more: its time is over, or a later one undoes it. */
  calledOff(entry: OutboxEntry): void
  /** Nothing more comes. */
  end(reason: 'replaced' | 'timed-out' | 'resumed-elsewhere'): void
}

/** What a connection does to its session. */
export interface SessionConnection {
  /** The stream is no longer full. */
  resume(): void
  /** Idempotent. */
  disconnect(): void
}

export interface Ack {
  readonly id: number
  /** Why the step failed; without it the step is done. */
  readonly error?: string
  /** For the successor. */
  readonly state?: Uint8Array
}

/** A consumer over connections that may break: what it has not acknowledged waits for it. */
export class ConsumerSession implements Consumer {
  /** Unguessable. */
  readonly id: string = randomBytes(16).toString('hex')
  readonly #outbox = new Outbox()
  readonly #timers: Timers
  readonly #timeoutMs: number
  readonly #onEnd: () => void
  readonly #attachment: Attachment
  #stream: SessionStream | undefined
  /** Id of the last step that the consumer has, or that was sent to it by this connection. */
  #sentId = 0
  #cancelTimeout: (() => void) | undefined
  #isOver = false

  constructor(setup: {
    readonly consumers: Consumers
    readonly mode: AttachMode
    readonly timers: Timers
    /** How long it may be without a connection, in milliseconds. */
    readonly timeoutMs: number
    readonly onEnd: () => void
  }) {
    this.#timers = setup.timers
    this.#timeoutMs = setup.timeoutMs
    this.#onEnd = setup.onEnd
    this.#attachment = setup.consumers.attach(this, setup.mode)
    this.#awaitStream()
  }

  get isOver(): boolean {
    return this.#isOver
  }

  get isConnected(): boolean {
    return this.#stream !== undefined
  }

  /** Steps sent or to be sent that are not acknowledged. */
  get pendingCount(): number {
    return this.#outbox.size
  }

  /**
   * Send what is not acknowledged, but for what the consumer says it has, and what comes.
   *
   * @param lastId the highest id it has received; 0 for none.
   */
  connect(stream: SessionStream, lastId: number): SessionConnection {
    this.#cancelTimeout?.()
    this.#stream?.end('resumed-elsewhere')
    this.#stream = stream
    this.#sentId = lastId
    for (const entry of this.#outbox.entries()) {
      if (entry.id <= lastId && entry.isCalledOff) stream.calledOff(entry)
    }
    this.#send()
    return {
      resume: () => {
        if (this.#stream === stream) this.#send()
      },
      disconnect: () => {
        if (this.#stream !== stream) return
        this.#stream = undefined
        this.#awaitStream()
      },
    }
  }

  /** Whether there was such a step to acknowledge. */
  acknowledge({ id, error, state }: Ack): boolean {
    return this.#outbox.settle(id, error === undefined ? { state } : { error })
  }

  take(step: ConsumerStep, signal: AbortSignal): Promise<Uint8Array | undefined> {
    return new Promise((resolve, reject) => {
      const entry = this.#outbox.add(step, ({ error, state }) => {
        signal.removeEventListener('abort', callOff)
        if (error === undefined) resolve(state)
        else reject(new Error(`the consumer failed: ${error}`))
      })
      const callOff = (): void => {
        this.#outbox.callOff(entry)
        reject(signal.reason as Error)
        if (entry.id <= this.#sentId) this.#stream?.calledOff(entry)
      }
      this.#send()
      if (signal.aborted) callOff()
      else signal.addEventListener('abort', callOff, { once: true })
    })
  }

  replaced(): void {
    this.#over('replaced')
  }

  /** The consumer says that it is done: what is held goes to others. */
  end(): void {
    this.#over('timed-out')
  }

  #send(): void {
    const stream = this.#stream
    if (stream === undefined || stream.isFull) return
    for (const entry of this.#outbox.entries()) {
      if (entry.id <= this.#sentId) continue
      if (stream.isFull) return
      this.#sentId = entry.id
      stream.step(entry)
      if (entry.isCalledOff) stream.calledOff(entry)
    }
  }

  #awaitStream(): void {
    if (this.#isOver) return
    this.#cancelTimeout = this.#timers.after(this.#timeoutMs, () => this.#over('timed-out'))
  }

  #over(reason: 'replaced' | 'timed-out'): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#cancelTimeout?.()
    const stream = this.#stream
    this.#stream = undefined
    this.#attachment.end()
    stream?.end(reason)
    this.#onEnd()
  }
}
