import { foldEvents, type OwnershipEvent } from '../ownership/event.ts'

/** A handler at work on one step. */
export interface Run {
  readonly event: OwnershipEvent
  readonly controller: AbortController
}

/**
 * The steps of one partition that its handlers have yet to hear of.
 *
 * They fold while they wait. One exception: once a step has called a running handler off, that
 * step has to be told, whatever comes after, since nobody knows how far the handler had got. So
 * two may wait, one behind the other.
 */
export class Lane {
  readonly partition: number
  running: Run | undefined
  #owed: OwnershipEvent | undefined
  #folded: OwnershipEvent | undefined

  constructor(partition: number) {
    this.partition = partition
  }

  /** The step to tell next. */
  get next(): OwnershipEvent | undefined {
    return this.#owed ?? this.#folded
  }

  /** Whether the partition is on its way out: a release is running or waits to be told. */
  get isLettingGo(): boolean {
    const steps = [this.running?.event, this.#owed, this.#folded]
    return steps.some((step) => step?.type === 'release')
  }

  add(event: OwnershipEvent): void {
    this.#folded = this.#folded === undefined ? event : foldEvents(this.#folded, event)
    if (this.running === undefined || this.#owed !== undefined || this.#folded === undefined) return
    if (!callsOff(this.running.event, this.#folded)) return
    this.running.controller.abort()
    this.#owed = this.#folded
    this.#folded = undefined
  }

  /** Remove and return the step to tell next. */
  take(): OwnershipEvent | undefined {
    const { next } = this
    if (this.#owed === undefined) this.#folded = undefined
    else this.#owed = undefined
    return next
  }
}

/**
 * Whether what a handler does about `running` is of no use once `later` follows. Letting a
 * partition go is never of no use: its state has to be put away before it can come back.
 */
function callsOff(running: OwnershipEvent, later: OwnershipEvent): boolean {
  if (running.type === 'release') return false
  return later.type === 'release' || foldEvents(running, later) === undefined
}
