import { invariant } from '../../base/errors.ts'
import type { Capacity } from './capacity.ts'
import { ExchangeSearch } from './exchange.ts'
import type { Placement } from './placement.ts'
import type { RankClock } from './rank-clock.ts'
import { SortedLists } from './sorted-lists.ts'
import type { ZoneRule } from './zone-rule.ts'

/**
 * Give every partition that is still short of holders the missing ones, along shortest chains
 * of exchanges: a member without room takes the partition and hands one that it has to another
 * member, until one with room is reached.
 *
 * Rarely needed: a member asks for no partition twice, so that a few can be left over when
 * members are hardly more than holders, partitions few, or zones narrow.
 */
export function repair(
  placement: Placement,
  clock: RankClock,
  capacity: Capacity,
  zones: ZoneRule | undefined,
): void {
  let repairing: Repair | undefined
  for (let partition = 0; partition < placement.partitions; partition++) {
    if (placement.isFull(partition)) continue
    repairing ??= new Repair(placement, clock, capacity, zones)
    while (!placement.isFull(partition)) repairing.addHolder(partition)
  }
  repairing?.orderChanged()
}

class Repair {
  readonly #placement: Placement
  readonly #clock: RankClock
  readonly #capacity: Capacity
  readonly #zones: ZoneRule | undefined
  readonly #held: SortedLists
  readonly #changed = new Set<number>()

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
    this.#held = new SortedLists(clock.members)
    for (let partition = 0; partition < placement.partitions; partition++) {
      const from = partition * placement.width
      for (let at = from; at < from + placement.counts[partition]!; at++) {
        this.#held.append(placement.holders[at]!, partition)
      }
    }
  }

  addHolder(partition: number): void {
    const search = new ExchangeSearch(this.#clock.members)
    const candidates = this.#candidates(partition)
    const end = this.#enqueueCandidates(search, partition, candidates) ?? this.#spread(search)
    if (end !== undefined) {
      this.#capacity.take(end)
      this.#shift(search, end)
      return
    }
    const first = candidates[0]
    invariant(first !== undefined, 'some member may always take a partition that lacks a holder')
    this.#capacity.force(first)
    this.#shift(search, first)
  }

  /** Order the holders of every partition that was touched. */
  orderChanged(): void {
    for (const partition of this.#changed) this.#placement.order(partition)
  }

  /** Who may take `partition` as it is, in the order of (tick, member). */
  #candidates(partition: number): number[] {
    const candidates: { member: number; tick: number }[] = []
    for (let member = 0; member < this.#clock.members; member++) {
      if (this.#placement.holds(partition, member)) continue
      if (this.#zones?.allows(partition, member, undefined) === false) continue
      candidates.push({ member, tick: this.#clock.tickAt(member, partition) })
    }
    candidates.sort((left, right) => left.tick - right.tick || left.member - right.member)
    return candidates.map(({ member }) => member)
  }

  /** @returns the first with room, if any. */
  #enqueueCandidates(
    search: ExchangeSearch,
    partition: number,
    candidates: readonly number[],
  ): number | undefined {
    for (const member of candidates) {
      search.start(member, partition)
      if (this.#capacity.hasRoom(member)) return member
    }
    return undefined
  }

  /** Go on from the members in the queue. @returns the first with room, if any. */
  #spread(search: ExchangeSearch): number | undefined {
    for (let giver = search.take(); giver !== undefined; giver = search.take()) {
      for (const partition of this.#held.of(giver)) {
        if (search.isOnPath(giver, partition)) continue
        for (let member = 0; member < this.#clock.members; member++) {
          if (search.isSeen(member) || this.#placement.holds(partition, member)) continue
          if (this.#zones?.allows(partition, member, giver) === false) continue
          search.reach(member, partition, giver)
          if (this.#capacity.hasRoom(member)) return member
        }
      }
    }
    return undefined
  }

  #shift(search: ExchangeSearch, end: number): void {
    for (const { taker, partition, giver } of search.path(end)) {
      if (giver !== undefined) {
        this.#zones?.willLeave(partition, giver)
        this.#placement.remove(partition, giver)
        this.#held.remove(giver, partition)
      }
      this.#zones?.willJoin(partition, taker)
      this.#placement.append(partition, taker, this.#clock.tickAt(taker, partition))
      this.#held.insert(taker, partition)
      this.#changed.add(partition)
    }
  }
}
