import type { Capacity } from './capacity.ts'
import type { Placement } from './placement.ts'
import type { RankClock } from './rank-clock.ts'
import type { ZoneRule } from './zone-rule.ts'

/**
 * Let all members ask for partitions in lockstep, each in the order of its own permutation, the
 * heavier the faster. A partition takes the first that come; a member stops when it is full.
 *
 * What this gives is the only stable matching of members and partitions that both prefer the
 * earlier tick, so it does not depend on the order of work, and a member that comes or goes
 * starts a chain of replacements instead of a new table.
 *
 * @param zones `undefined` where all members are in one zone.
 */
export function matchByRank(
  placement: Placement,
  clock: RankClock,
  capacity: Capacity,
  zones: ZoneRule | undefined,
): void {
  const matching = new Matching(placement, clock, capacity, zones)
  if (clock.isUniform) matching.runInLockstep()
  else matching.runByTick()
}

class Matching {
  readonly #placement: Placement
  readonly #clock: RankClock
  readonly #capacity: Capacity
  readonly #zones: ZoneRule | undefined
  #open: number

  constructor(
    placement: Placement,
    clock: RankClock,
    capacity: Capacity,
    zones: ZoneRule | undefined,
  ) {
    this.#placement = placement
    this.#clock = clock
    this.#capacity = capacity
    this.#zones = zones
    this.#open = placement.partitions * placement.width
  }

  /** With equal weights a tick is a rank: everybody asks once a tick. */
  runInLockstep(): void {
    const asking = Uint16Array.from({ length: this.#clock.members }, (_, i) => i)
    let count = asking.length
    for (let rank = 0; rank < this.#placement.partitions && count > 0; rank++) {
      let kept = 0
      for (let at = 0; at < count; at++) {
        const member = asking[at]!
        if (!this.#capacity.hasRoom(member)) continue
        asking[kept++] = member
        this.#ask(member, rank, rank)
        if (this.#open === 0) return
      }
      count = kept
    }
  }

  /** Ticks may be far apart, so whoever is next comes off a heap by (tick, member). */
  runByTick(): void {
    const clock = this.#clock
    const ranks = new Uint32Array(clock.members)
    const ticks = new Uint32Array(clock.members)
    const heap = Uint16Array.from({ length: clock.members }, (_, i) => i)
    let size = heap.length
    while (size > 0 && this.#open > 0) {
      const member = heap[0]!
      const hasRoom = this.#capacity.hasRoom(member)
      if (hasRoom) {
        this.#ask(member, ranks[member]!, ticks[member]!)
        ranks[member]!++
      }
      if (hasRoom && ranks[member]! < this.#placement.partitions) {
        ticks[member] = clock.tickOf(member, ranks[member]!)
      } else {
        heap[0] = heap[--size]!
      }
      sinkTop(heap, size, ticks)
    }
  }

  #ask(member: number, rank: number, tick: number): void {
    const partition = this.#clock.partitionAt(member, rank)
    if (this.#placement.isFull(partition)) return
    if (this.#zones !== undefined && !this.#zones.admit(partition, member)) return
    this.#capacity.take(member)
    this.#placement.append(partition, member, tick)
    this.#open--
  }
}

function sinkTop(heap: Uint16Array, size: number, ticks: Uint32Array): void {
  const sinking = heap[0]!
  let at = 0
  for (;;) {
    let child = 2 * at + 1
    if (child >= size) break
    if (child + 1 < size && isBefore(heap[child + 1]!, heap[child]!, ticks)) child++
    if (!isBefore(heap[child]!, sinking, ticks)) break
    heap[at] = heap[child]!
    at = child
  }
  heap[at] = sinking
}

function isBefore(left: number, right: number, ticks: Uint32Array): boolean {
  return ticks[left]! < ticks[right]! || (ticks[left] === ticks[right] && left < right)
}
