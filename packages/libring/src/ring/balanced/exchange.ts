/** Marks a member that the search has not reached. */
const UNSEEN = -1
/** Stands for the partition whose place is sought, as what a first member would take. */
const START = -2

/**
 * A breadth-first search for room: members in a queue, each with the partition it would take
 * and the member that would give it up.
 */
export class ExchangeSearch {
  readonly #givers: Int32Array
  readonly #via: Int32Array
  readonly #queue: number[] = []
  #next = 0

  constructor(members: number) {
    this.#givers = new Int32Array(members).fill(UNSEEN)
    this.#via = new Int32Array(members)
  }

  isSeen(member: number): boolean {
    return this.#givers[member] !== UNSEEN
  }

  /** Enqueue a member that would take the partition whose place is sought. */
  start(member: number, partition: number): void {
    this.#givers[member] = START
    this.#via[member] = partition
    this.#queue.push(member)
  }

  /** Enqueue a member that would take `partition` from `giver`. */
  reach(member: number, partition: number, giver: number): void {
    this.#givers[member] = giver
    this.#via[member] = partition
    this.#queue.push(member)
  }

  /** The member that was enqueued first and not yet taken. */
  take(): number | undefined {
    return this.#queue[this.#next++]
  }

  /** Whether `partition` changes hands on the way to `member`. */
  isOnPath(member: number, partition: number): boolean {
    for (let at = member; at >= 0; at = this.#givers[at]!) {
      if (this.#via[at] === partition) return true
    }
    return false
  }

  /** Every exchange of the way to `member`, from its end; the last has no giver. */
  *path(
    member: number,
  ): Generator<{ taker: number; partition: number; giver: number | undefined }> {
    for (let taker = member; taker >= 0; taker = this.#givers[taker]!) {
      const giver = this.#givers[taker]!
      yield { taker, partition: this.#via[taker]!, giver: giver === START ? undefined : giver }
    }
  }
}
