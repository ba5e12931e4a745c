import { OptionError } from '../base/errors.ts'
import { KeyedFifo } from '../base/keyed-fifo.ts'
import type { Random } from '../base/random.ts'
import type { Millis } from '../base/time.ts'
import { roleBefore, type OwnershipEvent } from '../ownership/event.ts'
import { STATE_BYTES_MAX } from '../ownership/messages.ts'
import type { Clock } from '../ports/clock.ts'
import { Alarms } from './alarms.ts'
import { retryDelayMs } from './backoff.ts'
import { handlerNameOf, isHandled, type OwnershipHandlers } from './handlers.ts'
import { hasGivenUp, timeIsOver, type Invoke, type Outcome } from './invoke.ts'
import { isRetried, Lane, letsGo, type Run } from './lane.ts'

/**
 * Most handlers at work at once for partitions that are taken or changed, and as many again for
 * partitions that are let go: the two never wait for each other.
 */
export const CONCURRENT_HANDLERS_MAX = 64

/** What is told of work that the user gave us. */
export interface WorkObserver {
  /**
   * It threw or rejected. Not told of work that gave up because its signal aborted.
   *
   * @param attempt from 1, growing by one each time that the same work is begun anew.
   */
  onFailed(event: OwnershipEvent, error: unknown, attempt: number): void
  /** The time to let the partition go was over before `event` was dealt with. */
  onOverdue(event: OwnershipEvent): void
  /** Less may be owed of this partition than before. */
  onProgress(partition: number): void
}

/** What the runner tells of handlers. */
export interface HandlerObserver extends WorkObserver {
  /** What the handler of `event`, which gave up index 0, left to the successor. */
  onState(event: OwnershipEvent, state: Uint8Array): void
}

/** Steps that may be started, by what they wait for. */
interface Pool {
  readonly ready: KeyedFifo<number, Lane>
  running: number
}

/** Runs the user's handlers: in order for each partition, bounded over all of them. */
export class HandlerRunner {
  /** Whether there is any handler to wait for. */
  readonly hasHandlers: boolean
  readonly #handlers: OwnershipHandlers
  readonly #clock: Clock
  readonly #random: Random | undefined
  readonly #releaseTimeoutMs: Millis
  readonly #observer: HandlerObserver
  readonly #invoke: Invoke
  readonly #extras: (event: OwnershipEvent) => object
  readonly #lanes = new Map<number, Lane>()
  readonly #takes: Pool = { ready: new KeyedFifo(), running: 0 }
  readonly #releases: Pool = { ready: new KeyedFifo(), running: 0 }
  readonly #overdue: Alarms
  readonly #retries: Alarms
  #isStarting = false

  constructor(setup: {
    readonly handlers: OwnershipHandlers
    readonly clock: Clock
    /** Spreads retries over time. @defaultValue they come at their exact times */
    readonly random?: Random | undefined
    readonly releaseTimeoutMs: Millis
    readonly observer: HandlerObserver
    readonly invoke: Invoke
    /** What handlers get besides the step and the signal. */
    readonly extras?: ((event: OwnershipEvent) => object) | undefined
  }) {
    const { clock } = setup
    this.#handlers = setup.handlers
    this.hasHandlers = Object.values(setup.handlers).some((handler) => handler !== undefined)
    this.#clock = clock
    this.#random = setup.random
    this.#releaseTimeoutMs = setup.releaseTimeoutMs
    this.#observer = setup.observer
    this.#invoke = setup.invoke
    this.#extras = setup.extras ?? (() => ({}))
    this.#overdue = new Alarms(clock, (partition) => this.#giveUp(partition))
    this.#retries = new Alarms(clock, (partition) => this.#retry(partition))
  }

  /** Number of the first step of the partition that handlers have not dealt with. */
  owes(partition: number): number | undefined {
    return this.#lanes.get(partition)?.since
  }

  /** Whether handlers have yet to deal with a step that gives up index 0 of the partition. */
  givesUpPrimary(partition: number): boolean {
    return this.#lanes.get(partition)?.givesUpPrimary === true
  }

  /** Tell a step to its handler, now or when its turn comes. */
  add(event: OwnershipEvent): void {
    const { partition } = event
    const lane = this.#lanes.get(partition) ?? new Lane(partition)
    this.#lanes.set(partition, lane)
    if (letsGo(event)) lane.overdueMs = this.#clock.nowMs() + this.#releaseTimeoutMs
    lane.add(event)
    this.#settleLane(lane)
    this.#startReady()
  }

  /** Call everything off and forget what waits. */
  abandon(): void {
    const lanes = [...this.#lanes.values()]
    this.#lanes.clear()
    this.#overdue.clearAll()
    this.#retries.clearAll()
    for (const pool of [this.#takes, this.#releases]) {
      pool.ready.clear()
      pool.running = 0
    }
    for (const lane of lanes) {
      const { running } = lane
      lane.finish()
      running?.controller.abort()
    }
  }

  /** Bring queues and alarms in line with what the lane waits for. */
  #settleLane(lane: Lane): void {
    const { partition } = lane
    this.#takes.ready.delete(partition)
    this.#releases.ready.delete(partition)
    if (lane.failures === 0) this.#retries.clear(partition)
    while (lane.running === undefined && lane.next !== undefined) {
      if (isHandled(lane.next, this.#handlers)) {
        if (!this.#retries.has(partition)) this.#poolOf(lane.next).ready.push(partition, lane)
        break
      }
      lane.skip()
    }
    if (!lane.isLettingGo) this.#overdue.clear(partition)
    else if (!this.#overdue.has(partition)) this.#overdue.set(partition, lane.overdueMs)
    if (lane.isEmpty) this.#lanes.delete(partition)
  }

  #startReady(): void {
    // Handlers may be done within the call that starts them; whoever is at it sees to the next.
    if (this.#isStarting) return
    this.#isStarting = true
    for (let pool = this.#startable(); pool !== undefined; pool = this.#startable()) {
      const lane = pool.ready.take()
      const run = lane?.start()
      if (lane !== undefined && run !== undefined) this.#start(lane, run, pool)
    }
    this.#isStarting = false
  }

  #startable(): Pool | undefined {
    return [this.#releases, this.#takes].find(({ ready, running }) => {
      return ready.size > 0 && running < CONCURRENT_HANDLERS_MAX
    })
  }

  #start(lane: Lane, run: Run, pool: Pool): void {
    pool.running++
    this.#call(run, (outcome) => {
      // It was given up meanwhile, and its place with it.
      if (lane.running !== run) return
      pool.running--
      const { event } = run.step
      if (outcome.type === 'failed' && isRetried(event)) this.#onFailed(lane, run)
      else lane.finish()
      if (outcome.type === 'done') this.#keepState(run, outcome.value)
      this.#settleLane(lane)
      this.#startReady()
      this.#observer.onProgress(lane.partition)
    })
  }

  /** `then` follows once, within the call or later. */
  #call(run: Run, then: (outcome: Outcome) => void): void {
    const { event } = run.step
    const { signal } = run.controller
    let isOver = false
    this.#invoke({ ...event, ...this.#extras(event), signal }, this.#handlers, (outcome) => {
      if (isOver) return
      isOver = true
      if (outcome.type === 'failed' && !hasGivenUp(outcome.error, signal)) {
        this.#observer.onFailed(event, outcome.error, run.attempt)
      }
      then(outcome)
    })
  }

  #onFailed(lane: Lane, run: Run): void {
    lane.fail(run)
    if (lane.failures === 0) return
    const waitMs = retryDelayMs(lane.failures, this.#random)
    this.#retries.set(lane.partition, this.#clock.nowMs() + waitMs)
  }

  #retry(partition: number): void {
    const lane = this.#lanes.get(partition)
    if (lane === undefined) return
    this.#settleLane(lane)
    this.#startReady()
  }

  #keepState({ step: { event }, attempt }: Run, value: unknown): void {
    if (!(value instanceof Uint8Array) || roleBefore(event) !== 0) return
    if (value.byteLength <= STATE_BYTES_MAX) {
      // A copy: the user may go on with what is theirs.
      this.#observer.onState(event, new Uint8Array(value))
      return
    }
    const rule = `a function that returns at most ${STATE_BYTES_MAX} bytes of state`
    const error = new OptionError(handlerNameOf(event), rule, `${value.byteLength} bytes`)
    this.#observer.onFailed(event, error, attempt)
  }

  #poolOf(event: OwnershipEvent): Pool {
    return letsGo(event) ? this.#releases : this.#takes
  }

  /**
   * The partition counts as let go. Whoever is at work is called off and no longer waited for;
   * what should have been told by now is told, with a signal that has aborted already.
   */
  #giveUp(partition: number): void {
    const lane = this.#lanes.get(partition)
    if (lane === undefined) return
    const { running } = lane
    if (running !== undefined) {
      this.#poolOf(running.step.event).running--
      lane.finish()
      this.#observer.onOverdue(running.step.event)
      running.controller.abort(timeIsOver())
    }
    let told = running?.step.event
    while (told === undefined || !letsGo(told)) {
      const run = lane.start()
      if (run === undefined) break
      lane.finish()
      told = run.step.event
      if (!isHandled(told, this.#handlers)) continue
      if (running === undefined) this.#observer.onOverdue(told)
      run.controller.abort(timeIsOver())
      this.#call(run, () => {})
    }
    this.#settleLane(lane)
    this.#startReady()
    this.#observer.onProgress(partition)
  }
}
