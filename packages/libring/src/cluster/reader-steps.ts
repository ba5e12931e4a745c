import { KeyedFifo } from '../base/keyed-fifo.ts'
import type { OwnershipEvent, OwnershipEventType } from '../ownership/event.ts'
import { earlier, foldOwed, type OwedStep } from './owed-step.ts'
import type { Inbox } from './watch.ts'

/** Which steps a reader hears of. */
export type Wanted = OwnershipEventType | 'any'

/**
 * The steps that one reader has yet to deal with: those that wait, folded to at most one a
 * partition, and those that it was given and has not asked for more since.
 *
 * Steps fold before they are chosen from, so that a filtered reader sees what others see.
 */
export class ReaderSteps implements Inbox<OwnershipEvent> {
  readonly #wanted: Wanted
  readonly #onFinished: (partition: number) => void
  readonly #waiting = new KeyedFifo<number, OwedStep>()
  /** Number of the first step in hand, by partition. */
  readonly #inHand = new Map<number, number>()

  /**
   * @param opening steps to begin with, at most one a partition. Nobody waits for the reader to
   *   deal with them: they are older than it is.
   * @param onFinished told of each partition of which less is owed than before.
   */
  constructor(
    opening: readonly OwnershipEvent[],
    wanted: Wanted,
    onFinished: (partition: number) => void,
  ) {
    this.#wanted = wanted
    this.#onFinished = onFinished
    for (const event of opening) this.#waiting.push(event.partition, { event, since: Infinity })
  }

  /** Number of the first step of the partition that is not dealt with. */
  owes(partition: number): number | undefined {
    const waiting = this.#waiting.get(partition)
    const isOwed = waiting !== undefined && this.#isWanted(waiting.event)
    const since = earlier(this.#inHand.get(partition), isOwed ? waiting.since : undefined)
    return since === Infinity ? undefined : since
  }

  add(event: OwnershipEvent): void {
    const { partition } = event
    const owed = foldOwed(this.#waiting.get(partition), { event, since: event.seq })
    if (owed === undefined) this.#waiting.delete(partition)
    else this.#waiting.push(partition, owed)
  }

  take(): OwnershipEvent | undefined {
    for (let step = this.#waiting.take(); step !== undefined; step = this.#waiting.take()) {
      const { event, since } = step
      if (!this.#isWanted(event)) continue
      this.#inHand.set(event.partition, earlier(this.#inHand.get(event.partition), since)!)
      return event
    }
    return undefined
  }

  finish(): void {
    const partitions = [...this.#inHand.keys()]
    this.#inHand.clear()
    for (const partition of partitions) this.#onFinished(partition)
  }

  /** The reader went away, and nothing is owed. */
  drop(): void {
    const waiting = this.#waiting.values()
    this.#waiting.clear()
    this.finish()
    for (const { event } of waiting) this.#onFinished(event.partition)
  }

  #isWanted(event: OwnershipEvent): boolean {
    return this.#wanted === 'any' || event.type === this.#wanted
  }
}
