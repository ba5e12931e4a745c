import type { KeyResponse, Query } from './messages.ts'

/** Changes that may be on their way to where keys are kept at one time. */
export const KEY_CHANGES_MAX = 64

/** An answer that is due, and to what. */
export interface DueAnswer {
  readonly query: Query
  readonly response: KeyResponse
}

/** Changes of our keys that whoever asked for them is not told of before they have been kept. */
export class KeyChanges {
  readonly #due = new Map<number, DueAnswer>()
  #last = 0

  /** Whether there are so many that no further one is begun. */
  get isFull(): boolean {
    return this.#due.size >= KEY_CHANGES_MAX
  }

  /** A number for a change. `due` is given where an answer waits for it. */
  open(due: DueAnswer | undefined): number {
    const change = ++this.#last
    if (due === undefined) return change
    const { addr, payload: _, ...rest } = due.query
    // What came with it is kept as long as it is, and needed no more.
    const query = { ...rest, addr: addr.slice(), filters: [], payload: addr.subarray(0, 0) }
    this.#due.set(change, { ...due, query })
    return change
  }

  /** The change has been kept, or could not be. Returns the answer that is due now. */
  close(change: number, failure: string | undefined): DueAnswer | undefined {
    const due = this.#due.get(change)
    this.#due.delete(change)
    if (due === undefined || failure === undefined) return due
    return { ...due, response: { ...due.response, result: false, message: failure } }
  }
}
