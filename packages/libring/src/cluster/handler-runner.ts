import { Deadlines } from '../base/deadlines.ts'
import { KeyedFifo } from '../base/keyed-fifo.ts'
import type { Millis } from '../base/time.ts'
import { Deferred } from '../gossip/deferred.ts'
import type { OwnershipEvent } from '../ownership/event.ts'
import type { Clock, Timer } from '../ports/clock.ts'
import { isHandled, type OwnershipHandlers } from './handlers.ts'
import { invokeInLaterTurn, type Invoke, type Outcome } from './invoke.ts'
import { Lane, type Run } from './lane.ts'

/**
 * Most handlers at work at once for partitions that are taken or changed, and as many again for
 * partitions that are let go: the two never wait for each other.
 */
export const CONCURRENT_HANDLERS_MAX = 64

/** What the runner tells of handlers. */
export interface HandlerObserver {
  /** It threw or rejected. Not told of one that gave up because its signal aborted. */
  onFailed(event: OwnershipEvent, error: unknown): void
  /** The time to let the partition go was over before `event` was dealt with. */
  onOverdue(event: OwnershipEvent): void
}

/** Steps that may be started, by what they wait for. */
interface Pool {
  readonly ready: KeyedFifo<number, Lane>
  running: number
}

/** Runs the user's handlers: in order for each partition, bounded over all of them. */
export class HandlerRunner {
  readonly #handlers: OwnershipHandlers
  readonly #clock: Clock
  readonly #releaseTimeoutMs: Millis
  readonly #observer: HandlerObserver
  readonly #invoke: Invoke
  readonly #lanes = new Map<number, Lane>()
  readonly #takes: Pool = { ready: new KeyedFifo(), running: 0 }
  readonly #releases: Pool = { ready: new KeyedFifo(), running: 0 }
  readonly #deadlines = new Deadlines()
  readonly #idle: Deferred<void>[] = []
  #timer: Timer | undefined
  #isStarting = false

  constructor(setup: {
    readonly handlers: OwnershipHandlers
    readonly clock: Clock
    readonly releaseTimeoutMs: Millis
    readonly observer: HandlerObserver
    /** @defaultValue calls the handler in a later turn */
    readonly invoke?: Invoke | undefined
  }) {
    this.#handlers = setup.handlers
    this.#clock = setup.clock
    this.#releaseTimeoutMs = setup.releaseTimeoutMs
    this.#observer = setup.observer
    this.#invoke = setup.invoke ?? invokeInLaterTurn
  }

  /** Whether there is any handler to wait for. */
  get hasHandlers(): boolean {
    return Object.values(this.#handlers).some((handler) => handler !== undefined)
  }

  /** Tell a step to its handler, now or when its turn comes. */
  add(event: OwnershipEvent): void {
    const { partition } = event
    const lane = this.#lanes.get(partition) ?? new Lane(partition)
    this.#lanes.set(partition, lane)
    lane.add(event)
    this.#settleLane(lane)
    this.#startReady()
  }

  /** Resolves when no step waits or is being dealt with. */
  whenIdle(): Promise<void> {
    const idle = new Deferred<void>()
    this.#idle.push(idle)
    this.#checkIdle()
    return idle.promise
  }

  /** Call everything off and forget what waits. */
  abandon(): void {
    const lanes = [...this.#lanes.values()]
    this.#lanes.clear()
    this.#deadlines.clearAll()
    for (const pool of [this.#takes, this.#releases]) {
      pool.ready.clear()
      pool.running = 0
    }
    this.#arm()
    for (const lane of lanes) {
      const { running } = lane
      lane.running = undefined
      running?.controller.abort()
    }
    this.#checkIdle()
  }

  /** Bring queue and deadline in line with what the lane waits for. */
  #settleLane(lane: Lane): void {
    const { partition } = lane
    this.#takes.ready.delete(partition)
    this.#releases.ready.delete(partition)
    while (lane.running === undefined && lane.next !== undefined) {
      if (isHandled(lane.next, this.#handlers)) {
        this.#poolOf(lane.next).ready.push(partition, lane)
        break
      }
      lane.take()
    }
    const key = String(partition)
    if (!lane.isLettingGo) this.#deadlines.clear(key)
    else if (!this.#deadlines.has(key)) {
      this.#deadlines.set(key, this.#clock.nowMs() + this.#releaseTimeoutMs)
    }
    if (lane.running === undefined && lane.next === undefined) this.#lanes.delete(partition)
    this.#arm()
  }

  #startReady(): void {
    // Handlers may be done within the call that starts them; whoever is at it sees to the next.
    if (this.#isStarting) return
    this.#isStarting = true
    for (let pool = this.#startable(); pool !== undefined; pool = this.#startable()) {
      const lane = pool.ready.take()
      const event = lane?.take()
      if (lane !== undefined && event !== undefined) this.#start(lane, event, pool)
    }
    this.#isStarting = false
    this.#checkIdle()
  }

  #startable(): Pool | undefined {
    return [this.#releases, this.#takes].find(({ ready, running }) => {
      return ready.size > 0 && running < CONCURRENT_HANDLERS_MAX
    })
  }

  #start(lane: Lane, event: OwnershipEvent, pool: Pool): void {
    const run: Run = { event, controller: new AbortController() }
    lane.running = run
    pool.running++
    this.#call(run, () => {
      // It was given up meanwhile, and its place with it.
      if (lane.running !== run) return
      lane.running = undefined
      pool.running--
      this.#settleLane(lane)
      this.#startReady()
    })
  }

  /** `then` follows once, within the call or later. */
  #call({ event, controller }: Run, then: () => void): void {
    const { signal } = controller
    let isOver = false
    this.#invoke({ ...event, signal }, this.#handlers, (outcome) => {
      if (isOver) return
      isOver = true
      this.#tell(event, signal, outcome)
      then()
    })
  }

  #tell(event: OwnershipEvent, signal: AbortSignal, outcome: Outcome): void {
    if (outcome.type === 'done') return
    const { error } = outcome
    if (!(signal.aborted && isAbort(error, signal))) this.#observer.onFailed(event, error)
  }

  #poolOf(event: OwnershipEvent): Pool {
    return event.type === 'release' ? this.#releases : this.#takes
  }

  #arm(): void {
    const atMs = this.#deadlines.nextMs()
    if (atMs === undefined) {
      this.#timer?.cancel()
      this.#timer = undefined
    } else {
      // Deadlines only ever join the end, so a timer that runs is never too late.
      this.#timer ??= this.#clock.at(atMs, () => this.#onTimer())
    }
  }

  #onTimer(): void {
    this.#timer = undefined
    const nowMs = this.#clock.nowMs()
    for (;;) {
      const key = this.#deadlines.takeDue(nowMs)
      if (key === undefined) break
      const lane = this.#lanes.get(Number(key))
      if (lane !== undefined) this.#giveUp(lane)
    }
    this.#arm()
    this.#startReady()
  }

  /**
   * The partition counts as let go. Whoever is at work is called off and no longer waited for;
   * what should have been told by now is told, with a signal that has aborted already.
   */
  #giveUp(lane: Lane): void {
    const { running } = lane
    if (running !== undefined) {
      this.#poolOf(running.event).running--
      lane.running = undefined
      this.#observer.onOverdue(running.event)
      running.controller.abort(timeIsOver())
    }
    for (let told = running?.event; told?.type !== 'release';) {
      told = lane.take()
      if (told === undefined) break
      const controller = new AbortController()
      controller.abort(timeIsOver())
      if (!isHandled(told, this.#handlers)) continue
      if (running === undefined) this.#observer.onOverdue(told)
      this.#call({ event: told, controller }, () => {})
    }
    this.#settleLane(lane)
  }

  #checkIdle(): void {
    if (this.#lanes.size > 0) return
    for (const idle of this.#idle.splice(0)) idle.resolve()
  }
}

function timeIsOver(): DOMException {
  return new DOMException('the time to let the partition go is over', 'TimeoutError')
}

/** What code that heeds a signal throws: the signal's reason, or an error of that kind. */
function isAbort(error: unknown, signal: AbortSignal): boolean {
  return error === signal.reason || (error instanceof Error && error.name === 'AbortError')
}
