import type { Random } from '../base/random.ts'
import type { Millis } from '../base/time.ts'
import { requireFunction } from '../base/require.ts'
import { Deferred } from '../gossip/deferred.ts'
import { roleAfter, roleBefore, type OwnershipEvent } from '../ownership/event.ts'
import type { Clock } from '../ports/clock.ts'
import { EventFeed } from './event-feed.ts'
import type { LocalRole } from './explanation.ts'
import { HandlerRunner } from './handler-runner.ts'
import { Gate } from './gate.ts'
import { gatedHandlers, gatedStream } from './gated.ts'
import { isHandled, type OwnershipHandlers } from './handlers.ts'
import { invokeInLaterTurn, type Invoke } from './invoke.ts'
import { earlier } from './owed-step.ts'
import {
  PartitionTasks,
  type PartitionTask,
  type RunPartitionsOptions,
  type Tenancy,
} from './partition-tasks.ts'

/** What is told of those that deal with steps. */
export interface DeliveryObserver {
  /**
   * Every step of the partition up to `seq` is dealt with. Told within the call that tells of a
   * step, or later; its numbers grow.
   *
   * @param state what is left to the successor; at most 1 MiB.
   */
  onSettled(partition: number, seq: number, state: Uint8Array | undefined): void
  /**
   * The step of that number gave up index 0, and nobody works for that any more, though not every
   * step up to it is dealt with: what took the index came to nothing, or was never told.
   */
  onLetGo(partition: number, seq: number): void
  /** A handler or a task failed, or was not what it has to be. `attempt` counts from 1. */
  onFailed(event: OwnershipEvent, error: unknown, attempt: number): void
  /** The time to let a partition go was over before `event` was dealt with. */
  onOverdue(event: OwnershipEvent): void
}

/** Steps of a partition that are not dealt with yet. */
interface Debt {
  /** Number of the last one. */
  latest: number
  /** Number up to which all of them are known to be dealt with. */
  settled: number
  /** Number of the last step that gave up index 0, while somebody may still work for that. */
  givenUp: number | undefined
  /** What a handler left behind when it was done with the step of that number. */
  left: { readonly seq: number; readonly state: Uint8Array } | undefined
}

/**
 * Brings the steps of ownership to those that deal with them: the user's handlers, tasks and open
 * iterators. And knows how far they have got with each partition.
 *
 * Handlers and tasks are always waited for. Iterators are where there are no handlers.
 */
export class Delivery {
  readonly #clock: Clock
  readonly #releaseTimeoutMs: Millis
  readonly #observer: DeliveryObserver
  readonly #gate: Gate
  readonly #handlers: HandlerRunner
  readonly #tasks: PartitionTasks
  readonly #feed: EventFeed
  readonly #debts = new Map<number, Debt>()
  /** The steps that took the index 0 that is held. */
  readonly #primaries = new Map<number, OwnershipEvent>()
  readonly #letGo: Deferred<void>[] = []

  constructor(setup: {
    readonly handlers: OwnershipHandlers
    readonly clock: Clock
    readonly releaseTimeoutMs: Millis
    readonly observer: DeliveryObserver
    /** @defaultValue handlers are called in a later turn */
    readonly invoke?: Invoke | undefined
    /** Spreads retries over time. @defaultValue they come at their exact times */
    readonly random?: Random | undefined
    /** What all of them are told goes through here. @defaultValue it is always open */
    readonly gate?: Gate | undefined
    /** What handlers get besides the step and the signal. */
    readonly extras?: ((event: OwnershipEvent) => object) | undefined
    /** What tasks get besides the signal. @defaultValue the token that came with the step */
    readonly tenancy?: ((step: OwnershipEvent) => Tenancy) | undefined
  }) {
    const { clock, random, releaseTimeoutMs, observer, extras } = setup
    const { invoke = invokeInLaterTurn, tenancy = tokenOf, gate = new Gate() } = setup
    const handlers = gatedHandlers(setup.handlers, gate)
    this.#gate = gate
    this.#clock = clock
    this.#releaseTimeoutMs = releaseTimeoutMs
    this.#observer = observer
    const onProgress = (partition: number): void => this.#settle(partition)
    const onFailed: DeliveryObserver['onFailed'] = (event, error, attempt) => {
      observer.onFailed(event, error, attempt)
    }
    this.#feed = new EventFeed(onProgress)
    this.#tasks = new PartitionTasks({
      clock,
      random,
      releaseTimeoutMs,
      tenancy,
      observer: {
        onProgress,
        onFailed,
        // Where a handler waits for its tasks, it is overdue as well, and told.
        onOverdue: (event) => void (isHandled(event, handlers) || observer.onOverdue(event)),
      },
    })
    this.#handlers = new HandlerRunner({
      handlers,
      clock,
      random,
      releaseTimeoutMs,
      extras,
      // What tasks leave behind is there when the handler comes to put it away.
      invoke: (event, all, done) => {
        this.#tasks.whenEnded(event.partition, () => invoke(event, all, done))
      },
      observer: {
        onProgress,
        onFailed,
        onOverdue: (event) => observer.onOverdue(event),
        onState: (event, state) => this.#keep(event, state),
      },
    })
  }

  /** Tell a step to everybody concerned, now or when its turn comes. */
  publish(event: OwnershipEvent): void {
    const { partition, seq } = event
    const debt = this.#debts.get(partition)
    if (debt === undefined) {
      const givenUp = roleBefore(event) === 0 ? seq : undefined
      this.#debts.set(partition, { latest: seq, settled: seq - 1, givenUp, left: undefined })
    } else {
      debt.latest = seq
      if (roleBefore(event) === 0) debt.givenUp = seq
    }
    if (roleAfter(event) === 0) this.#primaries.set(partition, event)
    else this.#primaries.delete(partition)
    if (roleBefore(event) === 0) this.#tasks.cease(event)
    this.#feed.publish(event)
    this.#handlers.add(event)
    this.#settle(partition)
  }

  /** A stream that opens a reader each time it is iterated, with steps of one type or any. */
  stream<E extends OwnershipEvent>(type: E['type'] | 'any'): AsyncIterable<E> {
    return gatedStream(this.#feed.stream<E>(type), this.#gate)
  }

  /**
   * Have `work` done for each partition while its index 0 is held. Resolves once that was called
   * off, or no step will follow, and all of it has ended.
   *
   * @throws {OptionError} naming the first argument that is not what it has to be.
   */
  runPartitions(work: PartitionTask, options?: RunPartitionsOptions): Promise<void> {
    requireFunction('work', work)
    return this.#tasks.run((partition, context) => {
      return this.#gate.pass(() => work(partition, context), context.signal)
    }, options)
  }

  /** What the local member is to the partition; `undefined` for nothing. */
  roleOf(partition: number): LocalRole | undefined {
    const held = this.#feed.held(partition)
    if (held === undefined) return undefined
    const { replica, token } = held
    const isReady = this.#handlers.owes(partition) === undefined
    return { replica, isReady, isServing: isReady && replica === 0, token }
  }

  /** Whether index 0 is held and the handler of the step that took it is done. */
  isServing(partition: number): boolean {
    return this.#primaries.has(partition) && this.#handlers.owes(partition) === undefined
  }

  /** Others may hold whatever is held: nobody is to go on working for it. */
  lapse(): void {
    this.#tasks.lapse()
  }

  /** No step will follow. */
  end(): void {
    this.#feed.end()
    this.#tasks.end()
  }

  /** Resolves once every step so far is dealt with, or `releaseTimeoutMs` from now. */
  async whenLetGo(): Promise<void> {
    const letGo = new Deferred<void>()
    const overMs = this.#clock.nowMs() + this.#releaseTimeoutMs
    const timer = this.#clock.at(overMs, () => letGo.resolve())
    this.#letGo.push(letGo)
    this.#checkLetGo()
    await letGo.promise
    timer.cancel()
  }

  /** Call everything off, forget what waits, and tell nothing more. */
  abandon(): void {
    this.#debts.clear()
    this.#tasks.abandon()
    this.#handlers.abandon()
    this.#checkLetGo()
  }

  #keep({ partition, seq }: OwnershipEvent, state: Uint8Array): void {
    const debt = this.#debts.get(partition)
    if (debt !== undefined) debt.left = { seq, state }
  }

  /** See how far everybody has got with the partition. */
  #settle(partition: number): void {
    const primary = this.#primaries.get(partition)
    if (primary !== undefined && this.isServing(partition)) this.#tasks.serve(primary)
    const debt = this.#debts.get(partition)
    if (debt === undefined) return
    const since = this.#owes(partition)
    const settled = since === undefined ? debt.latest : since - 1
    if (since === undefined) this.#debts.delete(partition)
    if (settled > debt.settled) {
      debt.settled = settled
      const { left } = debt
      const state = left !== undefined && left.seq <= settled ? left.state : undefined
      if (state !== undefined) debt.left = undefined
      this.#observer.onSettled(partition, settled, state)
    }
    const { givenUp } = debt
    if (givenUp !== undefined && !this.#givesUpPrimary(partition)) {
      debt.givenUp = undefined
      if (givenUp > settled) this.#observer.onLetGo(partition, givenUp)
    }
    this.#checkLetGo()
  }

  #owes(partition: number): number | undefined {
    const dealers = this.#handlers.hasHandlers ? this.#handlers : this.#feed
    return earlier(dealers.owes(partition), this.#tasks.owes(partition))
  }

  /** Whether somebody has yet to deal with index 0 being given up. */
  #givesUpPrimary(partition: number): boolean {
    if (this.#tasks.owes(partition) !== undefined) return true
    if (this.#handlers.hasHandlers) return this.#handlers.givesUpPrimary(partition)
    return this.#feed.owes(partition) !== undefined
  }

  #checkLetGo(): void {
    if (this.#debts.size > 0) return
    for (const letGo of this.#letGo.splice(0)) letGo.resolve()
  }
}

function tokenOf(step: OwnershipEvent): Tenancy {
  return { token: step.type === 'release' ? undefined : step.token, held: undefined }
}
