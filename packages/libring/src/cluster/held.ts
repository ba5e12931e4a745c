import type { OwnershipEvent } from '../ownership/event.ts'
import { tokenHex, type Token } from '../ownership/token.ts'

/** One holding of index 0 of a partition, from its acquire on. Once it has ended it stays so. */
export interface Held {
  readonly partition: number
  /**
   * Fencing token, higher in every later holding. It may be drawn anew before the partition is
   * served, by `event.tokenAbove`, and is the same from then on.
   */
  readonly token: Token
  /** The token in 16 hexadecimal digits, which order as the tokens do. */
  readonly tokenHex: string
  /**
   * Aborts when the holding ends: the partition is let go, the process was stopped for so long
   * that others may have it, or the cluster stops.
   */
  readonly signal: AbortSignal
  /**
   * Whether the holding lasts, by what is known at this very moment. Asks the clocks, so that it
   * is false from the first instruction on after the process was stopped for too long, before
   * `signal` can have aborted. True says nothing of the instruction after: for that there is the
   * token.
   */
  readonly valid: boolean
}

/** Whether the process has stalled, asked anew each time. */
export interface StallSource {
  readonly hasStalled: boolean
}

/** What the local member holds at index 0, by partition. */
export class HeldPartitions {
  readonly #stalls: StallSource
  readonly #byPartition = new Map<number, Holding>()

  constructor(stalls: StallSource) {
    this.#stalls = stalls
  }

  get(partition: number): Held | undefined {
    return this.#byPartition.get(partition)
  }

  /** Follow a step of ownership. */
  apply(event: OwnershipEvent): void {
    const { partition } = event
    this.#end([partition], 'the partition was let go')
    if (event.type === 'release' || event.replica !== 0 || event.token === undefined) return
    this.#byPartition.set(partition, new Holding(partition, event.token, this.#stalls))
  }

  /** The holding that begins has another token. */
  retoken(partition: number, token: Token): void {
    const holding = this.#byPartition.get(partition)
    if (holding !== undefined) holding.token = token
  }

  /** Nothing is held any more, whatever steps will say of it later. */
  endAll(why: string): void {
    this.#end([...this.#byPartition.keys()], why)
  }

  #end(partitions: readonly number[], why: string): void {
    const ended = partitions.flatMap((partition) => this.#byPartition.get(partition) ?? [])
    for (const holding of ended) {
      this.#byPartition.delete(holding.partition)
      holding.end(why)
    }
    // Whoever listens to one signal may ask for any holding.
    for (const holding of ended) holding.abort()
  }
}

class Holding implements Held {
  readonly partition: number
  token: Token
  readonly #stalls: StallSource
  /** Made when it is first asked for: most holdings are only asked whether they are valid. */
  #controller: AbortController | undefined
  #reason: DOMException | undefined

  constructor(partition: number, token: Token, stalls: StallSource) {
    this.partition = partition
    this.token = token
    this.#stalls = stalls
  }

  get tokenHex(): string {
    return tokenHex(this.token)
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      this.abort()
    }
    return this.#controller.signal
  }

  get valid(): boolean {
    return this.#reason === undefined && !this.#stalls.hasStalled
  }

  end(why: string): void {
    // Code that heeds a signal passes this on, and is understood.
    this.#reason = new DOMException(why, 'AbortError')
  }

  /** Once it has ended. */
  abort(): void {
    if (this.#reason !== undefined) this.#controller?.abort(this.#reason)
  }
}
