import type { Capacity } from './capacity.ts'
import { ExchangeSearch } from './exchange.ts'
import type { Placement } from './placement.ts'
import { askKey, memberIn, tickIn, type RankClock } from './rank-clock.ts'
import { SortedLists } from './sorted-lists.ts'

/**
 * Choose one of the holders of every partition as its primary, and move it to the front.
 *
 * First everybody may have the partitions that it asked for first; a partition whose first
 * holder is full turns to its second, and so on. What is left is settled by exchanges along
 * shortest chains. No partition gets another holder by this.
 *
 * @param capacity of primaries. Its loads are primaries after this.
 */
export function choosePrimaries(placement: Placement, clock: RankClock, capacity: Capacity): void {
  const primaries = new Primaries(placement, clock, capacity)
  let undecided: Uint32Array = new Uint32Array(placement.partitions)
  for (let partition = 0; partition < undecided.length; partition++)
    undecided[partition] = partition
  for (let replica = 0; replica < placement.width && undecided.length > 0; replica++) {
    undecided = primaries.decide(replica, undecided)
  }
  primaries.settle(undecided.sort())
  primaries.moveToFront()
}

class Primaries {
  readonly #placement: Placement
  readonly #clock: RankClock
  readonly #capacity: Capacity
  /** By partition: the replica index of its primary. */
  readonly #chosen: Uint8Array

  constructor(placement: Placement, clock: RankClock, capacity: Capacity) {
    this.#placement = placement
    this.#clock = clock
    this.#capacity = capacity
    this.#chosen = new Uint8Array(placement.partitions)
  }

  /**
   * Offer `undecided` to the holders at `replica`, in the order of (tick, holder).
   *
   * @returns the partitions whose holder there has no room.
   */
  decide(replica: number, undecided: Uint32Array): Uint32Array {
    const { holders, width } = this.#placement
    const waiting = new Uint32Array(undecided.length)
    let count = 0
    // Members that ask in turn have left the partitions in this very order already.
    const inOrder = replica === 0 ? this.#placement.firstHeld : undefined
    const offered = inOrder ?? this.#inOrderOfTicks(replica, undecided)
    for (let i = 0; i < offered.length; i++) {
      const partition = offered[i]!
      const holder = holders[partition * width + replica]!
      if (this.#capacity.hasRoom(holder)) {
        this.#capacity.take(holder)
        this.#chosen[partition] = replica
      } else {
        waiting[count++] = partition
      }
    }
    return waiting.subarray(0, count)
  }

  /** Find a primary for each of `undecided`, ascending, by exchanges; force the head if need be. */
  settle(undecided: Uint32Array): void {
    if (undecided.length === 0) return
    const led = this.#ledByMember(undecided)
    for (const partition of undecided) {
      const search = new ExchangeSearch(this.#capacity.loads.length)
      const end = this.#findRoom(search, partition, led)
      if (end === undefined) this.#capacity.force(this.#holderAt(partition, 0))
      else this.#capacity.take(end)
      const last = end ?? this.#holderAt(partition, 0)
      for (const { taker, partition, giver } of search.path(last)) {
        if (giver !== undefined) led.remove(giver, partition)
        led.insert(taker, partition)
        this.#chosen[partition] = this.#replicaOf(partition, taker)
      }
    }
  }

  moveToFront(): void {
    for (let partition = 0; partition < this.#placement.partitions; partition++) {
      const replica = this.#chosen[partition]!
      if (replica > 0) this.#placement.moveToFront(partition, replica)
    }
  }

  // A holder asks for one partition a tick at most, so that (tick, holder) tells which.
  #inOrderOfTicks(replica: number, partitions: Uint32Array): Uint32Array {
    const { holders, ticks, width } = this.#placement
    const keys = new Float64Array(partitions.length)
    for (let i = 0; i < partitions.length; i++) {
      const at = partitions[i]! * width + replica
      keys[i] = askKey(ticks[at]!, holders[at]!)
    }
    keys.sort()
    const sorted = new Uint32Array(partitions.length)
    for (let i = 0; i < keys.length; i++) {
      sorted[i] = this.#clock.partitionAtTick(memberIn(keys[i]!), tickIn(keys[i]!))
    }
    return sorted
  }

  /** @returns the end of a shortest chain, if there is one. */
  #findRoom(search: ExchangeSearch, partition: number, led: SortedLists): number | undefined {
    const { width } = this.#placement
    for (let replica = 0; replica < width; replica++) {
      const holder = this.#holderAt(partition, replica)
      search.start(holder, partition)
      if (this.#capacity.hasRoom(holder)) return holder
    }
    for (let giver = search.take(); giver !== undefined; giver = search.take()) {
      for (const given of led.of(giver)) {
        for (let replica = 0; replica < width; replica++) {
          const holder = this.#holderAt(given, replica)
          if (search.isSeen(holder)) continue
          search.reach(holder, given, giver)
          if (this.#capacity.hasRoom(holder)) return holder
        }
      }
    }
    return undefined
  }

  /** The partitions that each member is primary of, but for `undecided`, which is ascending. */
  #ledByMember(undecided: Uint32Array): SortedLists {
    const led = new SortedLists(this.#capacity.loads.length)
    let next = 0
    for (let partition = 0; partition < this.#placement.partitions; partition++) {
      if (undecided[next] === partition) next++
      else led.append(this.#holderAt(partition, this.#chosen[partition]!), partition)
    }
    return led
  }

  #replicaOf(partition: number, member: number): number {
    let replica = 0
    while (this.#holderAt(partition, replica) !== member) replica++
    return replica
  }

  #holderAt(partition: number, replica: number): number {
    return this.#placement.holders[partition * this.#placement.width + replica]!
  }
}
