import { invariant } from '../base/errors.ts'
import { foldEvents, type AcquireEvent, type OwnershipEvent } from './event.ts'

/**
 * Steps in order, at most one a partition: a step that meets an older one of its partition folds
 * with it and moves to the end, so that what is taken always has growing numbers.
 */
export class FoldedSteps {
  readonly #byPartition: Map<number, OwnershipEvent>
  // Kept between takes: a fresh iterator would step over every entry taken so far.
  #oldest: Iterator<OwnershipEvent>

  /** @param opening steps to begin with, at most one a partition, in order. */
  constructor(opening: Iterable<OwnershipEvent> = []) {
    this.#byPartition = new Map([...opening].map((event) => [event.partition, event]))
    this.#oldest = this.#byPartition.values()
  }

  get size(): number {
    return this.#byPartition.size
  }

  add(event: OwnershipEvent): void {
    const waiting = this.#byPartition.get(event.partition)
    const folded = waiting === undefined ? event : foldEvents(waiting, event)
    this.#byPartition.delete(event.partition)
    if (folded !== undefined) this.#byPartition.set(event.partition, folded)
  }

  /** Remove and return the oldest step, or `undefined` when none is waiting. */
  take(): OwnershipEvent | undefined {
    if (this.#byPartition.size === 0) return undefined
    let next = this.#oldest.next()
    if (next.done === true) {
      this.#oldest = this.#byPartition.values()
      next = this.#oldest.next()
    }
    invariant(next.done !== true, 'what is not empty has an oldest entry')
    this.#byPartition.delete(next.value.partition)
    return next.value
  }
}

/** Everything that is held, as the acquires that would lead there from nothing. */
export class Holdings {
  readonly #held = new Map<number, AcquireEvent>()

  get size(): number {
    return this.#held.size
  }

  /** In the order of the last step of each partition. */
  events(): readonly AcquireEvent[] {
    return [...this.#held.values()]
  }

  apply(event: OwnershipEvent): void {
    const held = this.#held.get(event.partition)
    const folded = held === undefined ? event : foldEvents(held, event)
    this.#held.delete(event.partition)
    if (folded?.type === 'acquire') this.#held.set(event.partition, folded)
  }
}
