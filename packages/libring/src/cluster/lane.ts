import type { Millis } from '../base/time.ts'
import { foldEvents, roleAfter, roleBefore, type OwnershipEvent } from '../ownership/event.ts'
import { foldOwed, type OwedStep } from './owed-step.ts'

/** A handler at work on one step. */
export interface Run {
  readonly step: OwedStep
  /** From 1, growing by one each time that the handler is called anew because it failed. */
  readonly attempt: number
  readonly controller: AbortController
}

/**
 * The steps of one partition that its handlers have yet to deal with.
 *
 * They fold while they wait. One exception: once a step has called a running handler off, that
 * step has to be told, whatever comes after, since nobody knows how far the handler had got. So
 * two may wait, one behind the other.
 */
export class Lane {
  readonly partition: number
  running: Run | undefined
  /** When what was decided last to be let go is to be dealt with. */
  overdueMs: Millis = 0
  #owed: OwedStep | undefined
  #folded: OwedStep | undefined
  /** What has changed since a handler was told to take the partition, and failed. */
  #untold: OwedStep | undefined
  /** How often in a row the step to tell next has failed. */
  #failures = 0

  constructor(partition: number) {
    this.partition = partition
  }

  /** The step to tell next. */
  get next(): OwnershipEvent | undefined {
    return (this.#owed ?? this.#folded)?.event
  }

  /** Number of the first step that is not dealt with. */
  get since(): number | undefined {
    return (this.running?.step ?? this.#owed ?? this.#folded)?.since
  }

  get isEmpty(): boolean {
    return this.since === undefined
  }

  /** Whether what others wait for to be let go is on its way out, or waits for its turn. */
  get isLettingGo(): boolean {
    const steps = [this.running?.step, this.#owed, this.#folded]
    return steps.some((step) => step !== undefined && letsGo(step.event))
  }

  /**
   * Whether a step that gives up index 0 is on its way out, or waits for its turn. None does where
   * what took the index came to nothing, or was never told: it has folded into an acquire of another.
   */
  get givesUpPrimary(): boolean {
    const steps = [this.running?.step, this.#owed, this.#folded]
    return steps.some((step) => step !== undefined && roleBefore(step.event) === 0)
  }

  /** How often in a row the step to tell next has failed already; 0 when it was not told yet. */
  get failures(): number {
    return this.#failures
  }

  add(event: OwnershipEvent): void {
    this.#folded = foldOwed(this.#folded, { event, since: event.seq })
    if (this.#failures > 0) this.#goOn(this.#take()!, this.#failures)
    if (this.running === undefined || this.#owed !== undefined || this.#folded === undefined) return
    if (!callsOff(this.running.step.event, this.#folded.event)) return
    this.#owed = this.#folded
    this.#folded = undefined
    // Last, as whoever listens may be done within the call.
    this.running.controller.abort()
  }

  /** Remove and return the step to tell next, as a run that is at work from now on. */
  start(): Run | undefined {
    const attempt = this.#failures + 1
    const step = this.#take()
    this.#failures = 0
    this.#untold = undefined
    this.running = step && { step, attempt, controller: new AbortController() }
    return this.running
  }

  /** Remove the step to tell next. */
  skip(): OwnershipEvent | undefined {
    this.#failures = 0
    this.#untold = undefined
    return this.#take()?.event
  }

  /** The handler at work is done, or given up. */
  finish(): void {
    this.running = undefined
  }

  /**
   * The handler at work came to nothing. What it was to take is still to be taken, unless a later
   * step has called it off.
   */
  fail({ step, attempt, controller }: Run): void {
    this.running = undefined
    this.#goOn(step, controller.signal.aborted ? 0 : attempt)
  }

  /**
   * An acquire that came to nothing folds with the changes after it, as if it had never been told;
   * a release after it is told all the same, of the index that the handler was told to take, since
   * nobody knows how far it had got. So is what follows a change that came to nothing.
   */
  #goOn(failed: OwedStep, failures: number): void {
    const { since } = failed
    let step = failed
    let isStill = true
    while (isStill) {
      const later = this.#take()
      if (later === undefined) break
      this.#untold = foldOwed(this.#untold, later)
      isStill = step.event.type === 'acquire' && later.event.type === 'change'
      step = isStill ? foldOwed(step, later)! : { event: (this.#untold ?? later).event, since }
    }
    this.#owed = step
    this.#failures = isStill ? failures : 0
  }

  #take(): OwedStep | undefined {
    const step = this.#owed ?? this.#folded
    if (this.#owed === undefined) this.#folded = undefined
    else this.#owed = undefined
    return step
  }
}

/** Whether others may wait for the step to be dealt with: it gives up index 0, or everything. */
export function letsGo(event: OwnershipEvent): boolean {
  return event.type === 'release' || roleBefore(event) === 0
}

/** Whether the step is told again when its handler fails: without it nobody serves. */
export function isRetried(event: OwnershipEvent): boolean {
  return event.type === 'acquire' || roleAfter(event) === 0
}

/**
 * Whether what a handler does about `running` is of no use once `later` follows. Letting a
 * partition go is never of no use: its state has to be put away before it can come back.
 */
function callsOff(running: OwnershipEvent, later: OwnershipEvent): boolean {
  if (running.type === 'release') return false
  return letsGo(later) || foldEvents(running, later) === undefined
}
