import type { Millis } from '../base/time.ts'
import { Listeners } from '../gossip/listeners.ts'
import type { Disagreement } from '../ownership/agreement.ts'
import type { HandoffReport, View } from '../ownership/effects.ts'
import type { OwnershipEvent } from '../ownership/event.ts'
import type { Logger } from '../ports/logger.ts'
import type { ClusterEvents, ClusterEventType } from './cluster-events.ts'

/** Tells listeners and the log what happens, and counts it. */
export class Bulletin {
  readonly counts = {
    views: 0,
    handlersFailed: 0,
    handlersOverdue: 0,
    listenersFailed: 0,
    stalls: 0,
  }
  readonly #logger: Logger
  readonly #listeners: Listeners<ClusterEvents>

  constructor(logger: Logger) {
    this.#logger = logger
    this.#listeners = new Listeners((type, error) => {
      this.counts.listenersFailed++
      logger.error('listener failed', { type, error })
    })
  }

  add<T extends ClusterEventType>(
    type: T,
    listener: (event: ClusterEvents[T]) => void,
  ): () => void {
    return this.#listeners.add(type, listener)
  }

  tell<T extends ClusterEventType>(type: T, event: ClusterEvents[T]): void {
    this.#listeners.tell(type, event)
  }

  rebalanced({ epoch, ring, cause }: View): void {
    const { members } = ring
    this.counts.views = epoch
    this.#logger.info('rebalanced', { epoch, members: members.length })
    this.tell('rebalance', { epoch, members, cause })
  }

  disagreement(fields: readonly Disagreement[]): void {
    if (fields.length > 0) this.#logger.warn('configurations differ', { fields })
    else this.#logger.info('configurations agree')
    this.tell('config-mismatch', { fields })
  }

  reported(report: HandoffReport): void {
    const { kind, partitions } = report
    const count = partitions.length
    switch (kind) {
      case 'orphan':
        this.#logger.warn('orphans', { partitions: count })
        return this.tell('orphan', { partitions })
      case 'double-holder': {
        const { member, yields } = report
        this.#logger.warn('double holder', { member, partitions: count, yields })
        return this.tell('double-holder', { member, partitions, yields })
      }
      case 'silent':
      case 'deadlock': {
        const { member } = report
        this.#logger.warn('hand-off timed out', { member, partitions: count, reason: kind })
        return this.tell('handoff-timeout', { reason: kind, member, partitions })
      }
    }
  }

  stalled(durationMs: Millis): void {
    this.counts.stalls++
    this.#logger.warn('the process was stopped', { durationMs })
    this.tell('stalled', { durationMs })
  }

  handlerFailed(event: OwnershipEvent, error: unknown, attempt: number): void {
    this.counts.handlersFailed++
    const { type, partition } = event
    this.#logger.error('handler failed', { type, partition, attempt, error })
    this.tell('handler-error', { event, error, attempt })
  }

  handlerOverdue(event: OwnershipEvent): void {
    this.counts.handlersOverdue++
    const { type, partition } = event
    this.#logger.warn('handler overdue', { type, partition })
    this.tell('handler-overdue', { event })
  }
}
