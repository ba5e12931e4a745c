import { Deferred } from '../gossip/deferred.ts'
import type { OwnershipEvent } from '../ownership/event.ts'
import { FoldedSteps, Holdings } from '../ownership/folded-steps.ts'
import { Watch, type Inbox } from './watch.ts'

/**
 * The steps of ownership for any number of readers.
 *
 * Every reader begins with an `acquire` for everything held. Steps it has not taken fold, so that
 * at most one waits per partition and reader: a slow reader loses no state and holds up nobody.
 */
export class EventFeed {
  readonly #holdings = new Holdings()
  readonly #watches = new Map<Watch<OwnershipEvent>, OwnershipEvent['type'] | 'any'>()
  readonly #caughtUp: Deferred<void>[] = []
  #ended = false

  /** Readers that may still be told something. */
  get readers(): number {
    return this.#watches.size
  }

  publish(event: OwnershipEvent): void {
    this.#holdings.apply(event)
    for (const watch of this.#watches.keys()) watch.add(event)
  }

  /** No step will follow. */
  end(): void {
    this.#ended = true
    for (const watch of this.#watches.keys()) watch.end()
  }

  /** A stream that opens a reader each time it is iterated, with steps of one type or any. */
  stream<E extends OwnershipEvent>(type: E['type'] | 'any'): AsyncIterable<E> {
    return { [Symbol.asyncIterator]: () => this.#open(type) as unknown as AsyncIterator<E> }
  }

  /** Resolves once every reader that is told of releases has asked for more, or has gone. */
  whenCaughtUp(): Promise<void> {
    const caughtUp = new Deferred<void>()
    this.#caughtUp.push(caughtUp)
    this.#checkCaughtUp()
    return caughtUp.promise
  }

  #open(type: OwnershipEvent['type'] | 'any'): Watch<OwnershipEvent> {
    const inbox = new WantedSteps(new FoldedSteps(this.#holdings.events()), type)
    const watch = new Watch(inbox, () => this.#onChange(watch))
    if (this.#ended) watch.end()
    else this.#watches.set(watch, type)
    return watch
  }

  #onChange(watch: Watch<OwnershipEvent>): void {
    if (watch.isClosed) this.#watches.delete(watch)
    this.#checkCaughtUp()
  }

  #checkCaughtUp(): void {
    if (this.#caughtUp.length === 0) return
    for (const [watch, type] of this.#watches) {
      const hearsReleases = type === 'any' || type === 'release'
      if (hearsReleases && !watch.isCaughtUp) return
    }
    for (const caughtUp of this.#caughtUp.splice(0)) caughtUp.resolve()
  }
}

/** Steps fold before they are chosen from, so that a filtered reader sees what others see. */
class WantedSteps implements Inbox<OwnershipEvent> {
  readonly #steps: FoldedSteps
  readonly #type: OwnershipEvent['type'] | 'any'

  constructor(steps: FoldedSteps, type: OwnershipEvent['type'] | 'any') {
    this.#steps = steps
    this.#type = type
  }

  add(event: OwnershipEvent): void {
    this.#steps.add(event)
  }

  take(): OwnershipEvent | undefined {
    for (let event = this.#steps.take(); event !== undefined; event = this.#steps.take()) {
      if (this.#type === 'any' || event.type === this.#type) return event
    }
    return undefined
  }
}
