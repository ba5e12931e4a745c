import { KeyedFifo } from '../base/keyed-fifo.ts'
import { foldEvents, type AcquireEvent, type OwnershipEvent } from './event.ts'

/**
 * Steps in order, at most one a partition: a step that meets an older one of its partition folds
 * with it and moves to the end, so that what is taken always has growing numbers.
 */
export class FoldedSteps {
  readonly #byPartition = new KeyedFifo<number, OwnershipEvent>()

  /** @param opening steps to begin with, at most one a partition, in order. */
  constructor(opening: readonly OwnershipEvent[] = []) {
    for (const event of opening) this.#byPartition.push(event.partition, event)
  }

  get size(): number {
    return this.#byPartition.size
  }

  add(event: OwnershipEvent): void {
    const waiting = this.#byPartition.get(event.partition)
    const folded = waiting === undefined ? event : foldEvents(waiting, event)
    if (folded === undefined) this.#byPartition.delete(event.partition)
    else this.#byPartition.push(event.partition, folded)
  }

  /** Remove and return the oldest step, or `undefined` when none is waiting. */
  take(): OwnershipEvent | undefined {
    return this.#byPartition.take()
  }
}

/** Everything that is held, as the acquires that would lead there from nothing. */
export class Holdings {
  readonly #held = new KeyedFifo<number, AcquireEvent>()

  get size(): number {
    return this.#held.size
  }

  get(partition: number): AcquireEvent | undefined {
    return this.#held.get(partition)
  }

  /** In the order of the last step of each partition. */
  events(): readonly AcquireEvent[] {
    return this.#held.values()
  }

  apply(event: OwnershipEvent): void {
    const held = this.#held.get(event.partition)
    const folded = held === undefined ? event : foldEvents(held, event)
    if (folded?.type === 'acquire') this.#held.push(event.partition, folded)
    else this.#held.delete(event.partition)
  }
}
