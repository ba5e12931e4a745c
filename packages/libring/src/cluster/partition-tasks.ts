import {
  requireFunction,
  requireKnown,
  requirePlainObject,
  requireSignal,
} from '../base/require.ts'
import type { Random } from '../base/random.ts'
import type { Millis } from '../base/time.ts'
import { Deferred } from '../gossip/deferred.ts'
import type { OwnershipEvent } from '../ownership/event.ts'
import type { Token } from '../ownership/token.ts'
import type { Clock } from '../ports/clock.ts'
import { Alarms } from './alarms.ts'
import { RETRY_MS_MAX, retryDelayMs } from './backoff.ts'
import type { WorkObserver } from './handler-runner.ts'
import type { Held } from './held.ts'
import { callInLaterTurn, hasGivenUp, type Outcome } from './invoke.ts'

/** What comes with the index 0 that a task works under. */
export interface Tenancy {
  /** Fencing token of this holding of index 0, which lasts as long as the task. */
  readonly token: Token | undefined
  /** The holding itself: whether it is valid can be asked before every write. */
  readonly held: Held | undefined
}

/** What a task gets besides its partition. */
export interface PartitionContext extends Tenancy {
  /** Aborts when the task is to end: index 0 is given up, or nobody wants its work any more. */
  readonly signal: AbortSignal
}

/** Work on one partition for as long as the local member holds its index 0. */
export type PartitionTask = (partition: number, context: PartitionContext) => unknown

export interface RunPartitionsOptions {
  /** Ends the tasks, and begins no more of them. */
  readonly signal?: AbortSignal
}

/** The tasks of one call of `run`: at most one a partition. */
interface Crew {
  readonly work: PartitionTask
  readonly ended: Deferred<void>
  readonly jobs: Set<Job>
  phase: 'at work' | 'leaving'
}

/** One task. Between two attempts it rests. */
interface Job {
  readonly id: number
  readonly crew: Crew
  /** The step that took index 0. */
  readonly step: OwnershipEvent
  readonly controller: AbortController
  attempt: number
  begunMs: Millis
  phase: 'working' | 'resting' | 'gone'
}

/** Tasks of a partition whose index 0 was given up, and who waits for them to end. */
interface Ending {
  readonly event: OwnershipEvent
  readonly jobs: Set<Job>
  readonly then: (() => void)[]
}

/** A partition whose index 0 is held. */
interface Post {
  readonly step: OwnershipEvent
  readonly jobs: Set<Job>
}

/**
 * Runs the user's tasks: for each call one for every partition whose index 0 is held and whose
 * handler is done with it.
 *
 * A task that ends before it is told to is begun anew, whether it threw or returned: nobody else
 * does its work. The waits in between double from 500 ms to 30 s; one that had worked for 30 s
 * begins again at 500 ms.
 */
export class PartitionTasks {
  readonly #clock: Clock
  readonly #random: Random | undefined
  readonly #releaseTimeoutMs: Millis
  readonly #tenancy: (step: OwnershipEvent) => Tenancy
  readonly #observer: WorkObserver
  readonly #crews = new Set<Crew>()
  readonly #posts = new Map<number, Post>()
  readonly #endings = new Map<number, Ending>()
  readonly #resting = new Map<number, Job>()
  readonly #restarts: Alarms
  readonly #overdue: Alarms
  #jobs = 0
  #isOver = false

  constructor(setup: {
    readonly clock: Clock
    readonly random?: Random | undefined
    readonly releaseTimeoutMs: Millis
    /** What comes with the index 0 that `step` took. */
    readonly tenancy: (step: OwnershipEvent) => Tenancy
    readonly observer: WorkObserver
  }) {
    const { clock } = setup
    this.#clock = clock
    this.#random = setup.random
    this.#releaseTimeoutMs = setup.releaseTimeoutMs
    this.#tenancy = setup.tenancy
    this.#observer = setup.observer
    this.#restarts = new Alarms(clock, (id) => this.#restart(id))
    this.#overdue = new Alarms(clock, (partition) => this.#giveUp(partition))
  }

  /**
   * Begin a task for every partition that is served, now and later. Resolves once it was called
   * off, or no step will follow, and all its tasks have ended. Never rejects.
   *
   * @throws {OptionError} naming the first argument that is not what it has to be.
   */
  run(work: PartitionTask, options: RunPartitionsOptions = {}): Promise<void> {
    requireFunction('work', work)
    requirePlainObject('options', options)
    requireKnown('', options, ['signal'])
    const { signal } = options
    requireSignal('signal', signal)
    if (this.#isOver || signal?.aborted === true) return Promise.resolve()

    const crew: Crew = { work, ended: new Deferred<void>(), jobs: new Set(), phase: 'at work' }
    this.#crews.add(crew)
    for (const [partition, post] of this.#posts) {
      if (!this.#endings.has(partition)) this.#begin(post, crew)
    }
    const onAbort = (): void => this.#leave(crew)
    signal?.addEventListener('abort', onAbort)
    return crew.ended.promise.finally(() => signal?.removeEventListener('abort', onAbort))
  }

  /** Index 0 is held, and its handler done. Does nothing where that is known. */
  serve(step: OwnershipEvent): void {
    const { partition } = step
    if (this.#posts.has(partition)) return
    const post: Post = { step, jobs: new Set() }
    this.#posts.set(partition, post)
    if (!this.#endings.has(partition)) this.#beginAll(post)
  }

  /** `event` gives index 0 up: its tasks have to end, and have `releaseTimeoutMs` for it. */
  cease(event: OwnershipEvent): void {
    const { partition } = event
    const post = this.#posts.get(partition)
    if (post === undefined) return
    for (const job of post.jobs) if (job.phase === 'resting') this.#remove(job)
    this.#posts.delete(partition)
    if (post.jobs.size === 0) return
    this.#endings.set(partition, { event, jobs: post.jobs, then: [] })
    this.#overdue.set(partition, this.#clock.nowMs() + this.#releaseTimeoutMs)
    for (const job of post.jobs) job.controller.abort()
  }

  /** What tasks work under has ended, though no step says so yet: they are to end as well. */
  lapse(): void {
    for (const { jobs } of this.#posts.values()) {
      for (const job of jobs) {
        if (job.phase === 'resting') this.#remove(job)
        else job.controller.abort()
      }
    }
  }

  /** Number of the first step of the partition whose tasks have not ended. */
  owes(partition: number): number | undefined {
    return this.#endings.get(partition)?.event.seq
  }

  /** Call `then` once no task is at work that had to end, within the call or later. */
  whenEnded(partition: number, then: () => void): void {
    const ending = this.#endings.get(partition)
    if (ending === undefined) then()
    else ending.then.push(then)
  }

  /** No step will follow. */
  end(): void {
    this.#isOver = true
    for (const crew of this.#crews) this.#leave(crew)
  }

  /** Call everything off and wait for nobody. */
  abandon(): void {
    this.#isOver = true
    this.#posts.clear()
    this.#endings.clear()
    this.#resting.clear()
    this.#restarts.clearAll()
    this.#overdue.clearAll()
    for (const crew of this.#crews) {
      crew.phase = 'leaving'
      for (const job of crew.jobs) this.#remove(job)
      this.#leave(crew)
    }
  }

  #beginAll(post: Post): void {
    for (const crew of this.#crews) if (crew.phase === 'at work') this.#begin(post, crew)
  }

  #begin(post: Post, crew: Crew): void {
    const job: Job = {
      id: ++this.#jobs,
      crew,
      step: post.step,
      controller: new AbortController(),
      attempt: 1,
      begunMs: 0,
      phase: 'resting',
    }
    post.jobs.add(job)
    crew.jobs.add(job)
    this.#work(job)
  }

  #work(job: Job): void {
    job.phase = 'working'
    job.begunMs = this.#clock.nowMs()
    const { crew, step, controller } = job
    const { signal } = controller
    callInLaterTurn(
      () =>
        signal.aborted ? undefined : crew.work(step.partition, { ...this.#tenancy(step), signal }),
      (outcome) => this.#onEnded(job, outcome),
    )
  }

  #onEnded(job: Job, outcome: Outcome): void {
    const { step, controller, attempt } = job
    if (outcome.type === 'failed' && !hasGivenUp(outcome.error, controller.signal)) {
      this.#observer.onFailed(step, outcome.error, attempt)
    }
    if (job.phase === 'gone') return
    if (controller.signal.aborted) this.#remove(job)
    else this.#rest(job)
  }

  #rest(job: Job): void {
    const nowMs = this.#clock.nowMs()
    const failures = nowMs - job.begunMs >= RETRY_MS_MAX ? 1 : job.attempt
    job.phase = 'resting'
    job.attempt = failures + 1
    this.#resting.set(job.id, job)
    this.#restarts.set(job.id, nowMs + retryDelayMs(failures, this.#random))
  }

  #restart(id: number): void {
    const job = this.#resting.get(id)
    this.#resting.delete(id)
    if (job !== undefined) this.#work(job)
  }

  #leave(crew: Crew): void {
    crew.phase = 'leaving'
    for (const job of crew.jobs) {
      if (job.phase === 'resting') this.#remove(job)
      else job.controller.abort()
    }
    this.#dismiss(crew)
  }

  /** The task is not to be heard of again, nor what it may have left running. */
  #remove(job: Job): void {
    const { id, crew, step } = job
    const { partition } = step
    job.phase = 'gone'
    job.controller.abort()
    this.#resting.delete(id)
    this.#restarts.clear(id)
    crew.jobs.delete(job)
    this.#dismiss(crew)
    this.#posts.get(partition)?.jobs.delete(job)
    const ending = this.#endings.get(partition)
    if (ending?.jobs.delete(job) === true && ending.jobs.size === 0)
      this.#conclude(partition, ending)
  }

  #dismiss(crew: Crew): void {
    if (crew.phase !== 'leaving' || crew.jobs.size > 0) return
    this.#crews.delete(crew)
    crew.ended.resolve()
  }

  #giveUp(partition: number): void {
    const ending = this.#endings.get(partition)
    if (ending === undefined) return
    this.#observer.onOverdue(ending.event)
    for (const job of ending.jobs) this.#remove(job)
  }

  /** All tasks that had to end have ended; whoever waited for that goes on. */
  #conclude(partition: number, { then }: Ending): void {
    this.#endings.delete(partition)
    this.#overdue.clear(partition)
    for (const goOn of then) goOn()
    const post = this.#posts.get(partition)
    if (post !== undefined) this.#beginAll(post)
    this.#observer.onProgress(partition)
  }
}
