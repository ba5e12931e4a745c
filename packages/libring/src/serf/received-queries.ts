import type { Millis } from '../base/time.ts'
import type { Answerable, Query } from './messages.ts'

/** Queries that can wait for an answer at one time. A further one drives out the oldest. */
const RECEIVED_MAX = 1_024

/** Longer names are of nobody that we know, and are not kept. */
const NAME_LENGTH_MAX = 1_024

/** However long others would wait, an answer is not waited for longer. */
const TIMEOUT_MAX_MS = 86_400_000

interface Received {
  readonly query: Answerable
  readonly untilMs: Millis
}

/** Why a query cannot be answered. The words are Serf's. */
export type NoAnswer = 'response already sent' | 'response is past the deadline'

/** Queries that the application may answer, by our number for each. */
export class ReceivedQueries {
  readonly #open = new Map<number, Received>()
  readonly #answered = new Set<number>()
  #last = 0

  /** A number for a query to be answered by. */
  open(query: Query, nowMs: Millis): { readonly number: number; readonly timeoutMs: Millis } {
    const number = ++this.#last
    const timeoutMs = timeoutOf(query)
    const { ltime, id, addr, port, relayFactor } = query
    const sourceNode = query.sourceNode.length > NAME_LENGTH_MAX ? '' : query.sourceNode
    // A view of the packet would keep the whole packet in memory.
    const kept = { ltime, id, addr: addr.slice(), port, sourceNode, relayFactor }
    this.#open.set(number, { query: kept, untilMs: nowMs + timeoutMs })
    if (this.#open.size > RECEIVED_MAX) this.#dropOldest(this.#open.keys())
    return { number, timeoutMs }
  }

  /** The query of this number if it can be answered now, or why not. */
  get(number: number, nowMs: Millis): Answerable | NoAnswer {
    if (this.#answered.has(number)) return 'response already sent'
    const received = this.#open.get(number)
    if (received === undefined || nowMs > received.untilMs) return 'response is past the deadline'
    return received.query
  }

  /** It has been answered. */
  close(number: number): void {
    this.#open.delete(number)
    this.#answered.add(number)
    if (this.#answered.size > RECEIVED_MAX) this.#dropOldest(this.#answered.keys())
  }

  #dropOldest(numbers: Iterator<number>): void {
    const oldest = numbers.next()
    if (oldest.done === true) return
    this.#open.delete(oldest.value)
    this.#answered.delete(oldest.value)
  }
}

function timeoutOf({ timeoutNanos }: Query): Millis {
  const ms = Number(timeoutNanos / 1_000_000n)
  return Math.min(Math.max(0, ms), TIMEOUT_MAX_MS)
}
