import type { Random } from '../../packages/libring/src/base/random.ts'
import { HandlerRunner } from '../../packages/libring/src/cluster/handler-runner.ts'
import type { Handled, OwnershipHandlers } from '../../packages/libring/src/cluster/handlers.ts'
import { invokeInLaterTurn, type Invoke } from '../../packages/libring/src/cluster/invoke.ts'
import { Deferred } from '../../packages/libring/src/gossip/deferred.ts'
import type { OwnershipEvent } from '../../packages/libring/src/ownership/event.ts'
import { SimClock } from '../../packages/libring/src/sim/clock.ts'
import { calm } from './cluster.ts'
import { aStep } from './ownership.ts'

export const RELEASE_TIMEOUT_MS = 10_000

/** A handler at work, and how to end it. */
interface Call {
  readonly event: Handled<OwnershipEvent>
  readonly work: Deferred<void>
}

/** A runner whose handlers do what a test says, and all that it tells. */
export class HandlerBench {
  readonly clock: SimClock = new SimClock()
  readonly calls: Call[] = []
  readonly failures: unknown[] = []
  readonly attempts: number[] = []
  readonly overdue: string[] = []
  readonly states: [step: string, bytes: Uint8Array][] = []
  readonly progress: [partition: number, owed: number | undefined][] = []
  readonly roles: Map<number, number | undefined> = new Map()
  runner: HandlerRunner
  #seq = 0

  constructor() {
    this.runner = this.runnerWith(this.recorders)
  }

  /** Handlers that are at work until they are ended. */
  get recorders(): OwnershipHandlers {
    const handler = (event: Handled<OwnershipEvent>): Promise<void> => {
      const work = new Deferred<void>()
      this.calls.push({ event, work })
      return work.promise
    }
    return { onAcquire: handler, onRelease: handler, onChange: handler }
  }

  runnerWith(
    handlers: OwnershipHandlers,
    invoke: Invoke = invokeInLaterTurn,
    random?: Random,
  ): HandlerRunner {
    const runner = new HandlerRunner({
      handlers,
      clock: this.clock,
      random,
      releaseTimeoutMs: RELEASE_TIMEOUT_MS,
      invoke,
      extras: ({ seq }) => ({ held: `holding ${seq}` }),
      observer: {
        onFailed: (_, error, attempt) => {
          this.failures.push(error)
          this.attempts.push(attempt)
        },
        onOverdue: (event) => void this.overdue.push(textOf(event)),
        onState: (event, state) => void this.states.push([textOf(event), state]),
        onProgress: (partition) => void this.progress.push([partition, runner.owes(partition)]),
      },
    })
    return runner
  }

  /** Tell the next step of a partition, and nothing that follows from it. */
  tell(partition: number, role: number | undefined): void {
    const step = aStep(partition, this.roles.get(partition), role, ++this.#seq)!
    this.roles.set(partition, role)
    this.runner.add(step)
  }

  /** The next step of a partition, and everything that follows from it. */
  async become(partition: number, role: number | undefined): Promise<void> {
    this.tell(partition, role)
    await calm()
  }

  async finish(index: number): Promise<void> {
    this.calls[index]!.work.resolve()
    await calm()
  }

  async fail(index: number, error: unknown = new Error('no disk')): Promise<void> {
    this.calls[index]!.work.reject(error)
    await calm()
  }

  async pass(ms: number): Promise<void> {
    this.clock.runUntil(this.clock.nowMs() + ms)
    await calm()
  }

  /** Whether no step waits or is being dealt with. */
  async isIdle(): Promise<boolean> {
    await calm()
    return [...this.roles.keys()].every((partition) => this.runner.owes(partition) === undefined)
  }

  get told(): string[] {
    return this.calls.map(({ event }) => textOf(event))
  }

  get aborted(): boolean[] {
    return this.calls.map(({ event }) => event.signal.aborted)
  }
}

export function textOf(event: OwnershipEvent): string {
  return `${event.type} ${event.partition} as ${event.replica}`
}
