import { LibringError } from '../base/errors.ts'
import { Fifo } from '../base/fifo.ts'
import { Deferred } from './deferred.ts'

/** Calls that wait until something has been spread. */
export class PendingCalls {
  /** In the order in which the machine answers them. */
  readonly #tagChanges = new Fifo<Deferred<void>>()
  readonly #forcedLeaves: { readonly name: string; readonly done: Deferred<void> }[] = []
  #farewell: Deferred<void> | undefined

  /** Begin to wait for new tags to be spread. */
  tagChange(): Promise<void> {
    const change = new Deferred<void>()
    this.#tagChanges.push(change)
    return change.promise
  }

  tagsSpread(): void {
    this.#tagChanges.take()?.resolve()
  }

  /** Begin to wait until the word about a member is spread. */
  forcedLeave(name: string): Promise<void> {
    const done = new Deferred<void>()
    this.#forcedLeaves.push({ name, done })
    return done.promise
  }

  forcedLeaveOver(name: string, spread: boolean): void {
    const index = this.#forcedLeaves.findIndex((pending) => pending.name === name)
    const [pending] = index < 0 ? [] : this.#forcedLeaves.splice(index, 1)
    if (spread) return pending?.done.resolve()
    const message = 'the word was not spread in time'
    pending?.done.reject(new LibringError('LIBRING_BROADCAST_TIMEOUT', message))
  }

  /** Wait for the farewell; `begin` is called with the first who does. */
  farewell(begin: () => void): Promise<void> {
    if (this.#farewell === undefined) {
      this.#farewell = new Deferred()
      begin()
    }
    return this.#farewell.promise
  }

  farewellOver(spread: boolean): void {
    if (spread) return this.#farewell?.resolve()
    const message = 'the farewell was not spread in time'
    this.#farewell?.reject(new LibringError('LIBRING_LEAVE_TIMEOUT', message))
  }

  /** Nothing is spread any more. */
  stop(closed: () => LibringError): void {
    this.#farewell?.resolve()
    for (const { done } of this.#forcedLeaves.splice(0)) done.reject(closed())
    for (let change = this.#tagChanges.take(); change !== undefined;) {
      change.reject(closed())
      change = this.#tagChanges.take()
    }
  }
}
