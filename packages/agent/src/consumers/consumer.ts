import type { OwnershipEvent } from 'libring'

/** One step of what the agent holds, as a consumer is told it. */
export interface ConsumerStep {
  readonly type: OwnershipEvent['type']
  /** Grows from step to step; one that is told again to a new consumer keeps its number. */
  readonly seq: number
  /** From 0. */
  readonly partition: number
  /** The index taken; for a release the one let go. 0 is the primary. */
  readonly replica: number
  /** Of a change: the index held until now. */
  readonly previousReplica?: number
  /** Fencing token of a holding of index 0: 16 hexadecimal digits, ordered as text. */
  readonly token?: string
  /** Name of the member that held the index before. */
  readonly from?: string
  /** Name of the member that takes the index let go. */
  readonly to?: string
  /** What the holder before left behind: at most 1 MiB. */
  readonly state?: Uint8Array
}

/** Something attached to the agent that serves what the agent holds. */
export interface Consumer {
  /**
   * Take a step. Of one partition the next one comes once this has settled or was called off; a
   * hand-off waits for it. May settle with at most 1 MiB for the successor, when index 0 is given
   * up. An acquire that rejects is told again.
   *
   * @param signal aborts when the step is called off: its time is over, a later one undoes it, or
   *   this consumer is attached no more.
   */
  take(step: ConsumerStep, signal: AbortSignal): Promise<Uint8Array | undefined>
  /** Another consumer has taken its place: nothing more comes. */
  replaced?(): void
}

/** A consumer's hold on the agent. */
export interface Attachment {
  /** Let go: whatever waits for the consumer no longer does. Idempotent. */
  end(): void
}

/** What becomes of the consumer that is attached already. */
export type AttachMode = 'refuse' | 'takeover'

/** Another consumer is attached, and was not to be replaced. */
export class ConsumerAttachedError extends Error {
  override readonly name = 'ConsumerAttachedError'

  constructor() {
    super('another consumer is attached; end it, wait for it to time out, or take over')
  }
}

export function stepOf(event: OwnershipEvent): ConsumerStep {
  const { type, seq, partition, replica } = event
  const from = 'from' in event ? event.from?.name : undefined
  const to = 'to' in event ? event.to?.name : undefined
  const token = 'token' in event ? event.token : undefined
  const state = 'state' in event ? event.state : undefined
  return {
    type,
    seq,
    partition,
    replica,
    ...(type === 'change' ? { previousReplica: event.previousReplica } : {}),
    ...(token === undefined ? {} : { token: token.toString(16).padStart(16, '0') }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(state === undefined ? {} : { state }),
  }
}
