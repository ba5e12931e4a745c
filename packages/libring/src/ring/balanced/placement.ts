/** The table while it is filled: holders by partition, each with the tick at which it asked. */
export class Placement {
  readonly partitions: number
  /** How many holders a partition is to have. */
  readonly width: number
  /** Rows of `width` members; of each, the first `counts` are set. */
  readonly holders: Uint16Array
  /** When a holder asked, beside it. */
  readonly ticks: Uint32Array
  /** How many holders a partition has so far. */
  readonly counts: Uint8Array

  readonly #firstHeld: Uint32Array
  #firstHeldCount = 0
  #isReordered = false

  constructor(partitions: number, width: number) {
    this.partitions = partitions
    this.width = width
    this.holders = new Uint16Array(partitions * width)
    this.ticks = new Uint32Array(partitions * width)
    this.counts = new Uint8Array(partitions)
    this.#firstHeld = new Uint32Array(partitions)
  }

  /**
   * All partitions in the order in which they got their first holder; `undefined` while some
   * have none, and once holders were put into another order.
   */
  get firstHeld(): Uint32Array | undefined {
    if (this.#isReordered || this.#firstHeldCount < this.partitions) return undefined
    return this.#firstHeld
  }

  isFull(partition: number): boolean {
    return this.counts[partition] === this.width
  }

  holds(partition: number, member: number): boolean {
    const from = partition * this.width
    for (let at = from; at < from + this.counts[partition]!; at++) {
      if (this.holders[at] === member) return true
    }
    return false
  }

  append(partition: number, member: number, tick: number): void {
    const count = this.counts[partition]!
    if (count === 0 && this.#firstHeldCount < this.partitions) {
      this.#firstHeld[this.#firstHeldCount++] = partition
    }
    const at = partition * this.width + count
    this.counts[partition] = count + 1
    this.holders[at] = member
    this.ticks[at] = tick
  }

  /** Take `member` out of a partition that it holds. */
  remove(partition: number, member: number): void {
    this.#isReordered = true
    const from = partition * this.width
    const last = from + --this.counts[partition]!
    for (let at = from; at < last; at++) {
      if (this.holders[at] !== member) continue
      this.holders[at] = this.holders[last]!
      this.ticks[at] = this.ticks[last]!
      return
    }
  }

  /** Put the holders of a partition into the order of (tick, member). */
  order(partition: number): void {
    this.#isReordered = true
    const { holders, ticks } = this
    const from = partition * this.width
    for (let next = from + 1; next < from + this.counts[partition]!; next++) {
      const member = holders[next]!
      const tick = ticks[next]!
      let at = next
      for (; at > from && comesAfter(ticks[at - 1]!, holders[at - 1]!, tick, member); at--) {
        holders[at] = holders[at - 1]!
        ticks[at] = ticks[at - 1]!
      }
      holders[at] = member
      ticks[at] = tick
    }
  }

  /** Make the holder at `replica` the first; the others keep their order. */
  moveToFront(partition: number, replica: number): void {
    const from = partition * this.width
    const member = this.holders[from + replica]!
    const tick = this.ticks[from + replica]!
    this.holders.copyWithin(from + 1, from, from + replica)
    this.ticks.copyWithin(from + 1, from, from + replica)
    this.holders[from] = member
    this.ticks[from] = tick
  }
}

function comesAfter(tick: number, member: number, otherTick: number, other: number): boolean {
  return tick > otherTick || (tick === otherTick && member > other)
}
