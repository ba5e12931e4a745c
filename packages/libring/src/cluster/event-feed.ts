import type { AcquireEvent, OwnershipEvent } from '../ownership/event.ts'
import { Holdings } from '../ownership/folded-steps.ts'
import { earlier } from './owed-step.ts'
import { ReaderSteps, type Wanted } from './reader-steps.ts'
import { Watch } from './watch.ts'

/**
 * The steps of ownership for any number of readers.
 *
 * Every reader begins with an `acquire` for everything held. Steps it has not taken fold, so that
 * at most one waits per partition and reader: a slow reader loses no state and holds up nobody.
 */
export class EventFeed {
  readonly #onProgress: (partition: number) => void
  readonly #holdings = new Holdings()
  readonly #readers = new Map<Watch<OwnershipEvent>, ReaderSteps>()
  #ended = false

  /** @param onProgress told when readers may owe less of the partition than before. */
  constructor(onProgress: (partition: number) => void) {
    this.#onProgress = onProgress
  }

  /** Readers that may still be told something. */
  get readers(): number {
    return this.#readers.size
  }

  /**
   * Number of the first step of the partition that is not dealt with by a reader that was there
   * when it was published, and hears of such steps. A reader is done with what it was given once it
   * asks for more, or goes away.
   */
  owes(partition: number): number | undefined {
    let since: number | undefined
    for (const steps of this.#readers.values()) since = earlier(since, steps.owes(partition))
    return since
  }

  /** What is held of the partition, as the acquire that would lead there from nothing. */
  held(partition: number): AcquireEvent | undefined {
    return this.#holdings.get(partition)
  }

  publish(event: OwnershipEvent): void {
    this.#holdings.apply(event)
    for (const watch of this.#readers.keys()) watch.add(event)
  }

  /** No step will follow. */
  end(): void {
    this.#ended = true
    for (const watch of this.#readers.keys()) watch.end()
  }

  /** A stream that opens a reader each time it is iterated, with steps of one type or any. */
  stream<E extends OwnershipEvent>(wanted: E['type'] | 'any'): AsyncIterable<E> {
    return { [Symbol.asyncIterator]: () => this.#open(wanted) as unknown as AsyncIterator<E> }
  }

  #open(wanted: Wanted): Watch<OwnershipEvent> {
    const steps = new ReaderSteps(this.#holdings.events(), wanted, this.#onProgress)
    const watch: Watch<OwnershipEvent> = new Watch(steps, () => {
      this.#readers.delete(watch)
      steps.drop()
    })
    if (this.#ended) watch.end()
    else this.#readers.set(watch, steps)
    return watch
  }
}
