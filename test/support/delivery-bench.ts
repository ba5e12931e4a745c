import { Delivery } from '../../packages/libring/src/cluster/delivery.ts'
import type { OwnershipHandlers } from '../../packages/libring/src/cluster/handlers.ts'
import type { PartitionContext } from '../../packages/libring/src/cluster/partition-tasks.ts'
import { Deferred } from '../../packages/libring/src/gossip/deferred.ts'
import type { OwnershipEvent } from '../../packages/libring/src/ownership/event.ts'
import { SimClock } from '../../packages/libring/src/sim/clock.ts'
import { calm } from './cluster.ts'
import { aStep } from './ownership.ts'

export const RELEASE_TIMEOUT_MS = 10_000

/** What was told: everything up to `seq` is dealt with. */
export interface Settled {
  readonly partition: number
  readonly seq: number
  readonly state: Uint8Array | undefined
}

/** A task at work, and how to end it. */
export interface TaskCall {
  readonly partition: number
  readonly context: PartitionContext
  readonly work: Deferred<void>
}

/** Steps delivered to whoever a test puts there, and all that is told of them. */
export class DeliveryBench {
  readonly clock: SimClock = new SimClock()
  readonly published: OwnershipEvent[] = []
  readonly settled: Settled[] = []
  /** Partitions whose index 0 nobody works for, though not all is dealt with; and by which step. */
  readonly letGo: [partition: number, seq: number][] = []
  readonly failures: [event: string, attempt: number, error: unknown][] = []
  readonly overdue: string[] = []
  readonly tasks: TaskCall[] = []
  readonly delivery: Delivery
  readonly #roles = new Map<number, number | undefined>()
  #seq = 0

  constructor(handlers: OwnershipHandlers = {}) {
    this.delivery = new Delivery({
      handlers,
      clock: this.clock,
      releaseTimeoutMs: RELEASE_TIMEOUT_MS,
      observer: {
        onSettled: (partition, seq, state) => void this.settled.push({ partition, seq, state }),
        onLetGo: (partition, seq) => void this.letGo.push([partition, seq]),
        onFailed: (event, error, attempt) => {
          this.failures.push([stepText(event), attempt, error])
        },
        onOverdue: (event) => void this.overdue.push(stepText(event)),
      },
    })
  }

  /** Publish the next step of a partition, and let everything follow from it. */
  async become(partition: number, role: number | undefined): Promise<void> {
    this.tell(partition, role)
    await calm()
  }

  /** Publish the next step of a partition. Index 0 comes with a token, which is its number. */
  tell(partition: number, role: number | undefined): OwnershipEvent | undefined {
    const seq = this.#seq + 1
    const step = aStep(partition, this.#roles.get(partition), role, seq)
    if (step === undefined) return undefined
    this.#seq = seq
    this.#roles.set(partition, role)
    const event = role === 0 ? { ...step, token: BigInt(seq) } : step
    this.published.push(event)
    this.delivery.publish(event)
    return event
  }

  /** A task that is at work until it is ended. */
  get recorder(): (partition: number, context: PartitionContext) => Promise<void> {
    return (partition, context) => {
      const work = new Deferred<void>()
      this.tasks.push({ partition, context, work })
      return work.promise
    }
  }

  async pass(ms: number): Promise<void> {
    this.clock.runUntil(this.clock.nowMs() + ms)
    await calm()
  }

  /** The last step of the partition. */
  latestOf(partition: number): OwnershipEvent | undefined {
    return this.published.filter((event) => event.partition === partition).at(-1)
  }

  /** What was told of the partition so far: the numbers. */
  settledOf(partition: number): number[] {
    return this.settled.filter((told) => told.partition === partition).map(({ seq }) => seq)
  }
}

function stepText(event: OwnershipEvent): string {
  return `${event.type} ${event.partition} as ${event.replica}`
}
