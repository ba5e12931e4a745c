import type { Capacity } from './capacity.ts'
import type { Placement } from './placement.ts'
import { askKey, memberIn, tickIn, type RankClock } from './rank-clock.ts'
import type { ZoneRule } from './zone-rule.ts'

/** Open partitions from which on it pays to list who will ask for them. */
const FEW = 64

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
  if (clock.isUniform) matchInLockstep(placement, clock, capacity, zones)
  else matchByTick(placement, clock, capacity, zones)
}

/** With equal weights a tick is a rank: everybody asks once a tick. */
function matchInLockstep(
  placement: Placement,
  clock: RankClock,
  capacity: Capacity,
  zones: ZoneRule | undefined,
): void {
  const { partitions, width, counts } = placement
  const { permutations } = clock
  const asking = firstMembers(clock.members)
  let count = asking.length
  let open = partitions * width
  for (let rank = 0; rank < partitions && count > 0; rank++) {
    let kept = 0
    for (let at = 0; at < count; at++) {
      const member = asking[at]!
      if (!capacity.hasRoom(member)) continue
      asking[kept++] = member
      const partition = permutations.partitionAt(member, rank)
      if (counts[partition] === width) continue
      if (zones !== undefined && !zones.admit(partition, member)) continue
      capacity.take(member)
      placement.append(partition, member, rank)
      if (--open === 0) return
    }
    count = kept
  }
}

/** Ticks may be far apart, so whoever is next comes off a heap of {@link askKey}s. */
function matchByTick(
  placement: Placement,
  clock: RankClock,
  capacity: Capacity,
  zones: ZoneRule | undefined,
): void {
  const { partitions } = placement
  const ranks = new Uint32Array(clock.members)
  const heap = Float64Array.from(ranks, (_, member) => askKey(0, member))
  let size = heap.length
  let open = partitions
  while (size > 0 && open > FEW) {
    const tick = tickIn(heap[0]!)
    const member = memberIn(heap[0]!)
    if (ranks[member] === partitions || !capacity.hasRoom(member)) {
      heap[0] = heap[--size]!
      sinkTop(heap, size)
      continue
    }
    const partition = clock.permutations.partitionAt(member, ranks[member]!)
    if (!placement.isFull(partition) && (zones?.admit(partition, member) ?? true)) {
      capacity.take(member)
      placement.append(partition, member, tick)
      if (placement.isFull(partition)) open--
    }
    heap[0] = askKey(clock.tickOf(member, ++ranks[member]!), member)
    sinkTop(heap, size)
  }
  matchRest(placement, clock, capacity, zones, heap.subarray(0, size))
}

/**
 * Go on where few partitions are open. Nearly everybody asks in vain there, and for long where
 * zones are narrow; so list who is still to ask for an open one, and let only those ask.
 *
 * @param heap what each member that may have room asks next; the first of all in front.
 */
function matchRest(
  placement: Placement,
  clock: RankClock,
  capacity: Capacity,
  zones: ZoneRule | undefined,
  heap: Float64Array,
): void {
  const keys: number[] = []
  for (let partition = 0; partition < placement.partitions; partition++) {
    if (placement.isFull(partition)) continue
    for (const next of heap) {
      const member = memberIn(next)
      const key = askKey(clock.tickAt(member, partition), member)
      if (key >= heap[0]!) keys.push(key)
    }
  }
  for (const key of Float64Array.from(keys).sort()) {
    const member = memberIn(key)
    if (!capacity.hasRoom(member)) continue
    const partition = clock.partitionAtTick(member, tickIn(key))
    if (placement.isFull(partition)) continue
    if (zones !== undefined && !zones.admit(partition, member)) continue
    capacity.take(member)
    placement.append(partition, member, tickIn(key))
  }
}

function firstMembers(count: number): Uint16Array {
  const members = new Uint16Array(count)
  for (let i = 0; i < count; i++) members[i] = i
  return members
}

function sinkTop(heap: Float64Array, size: number): void {
  const sinking = heap[0]!
  let at = 0
  for (;;) {
    let child = 2 * at + 1
    if (child >= size) break
    if (child + 1 < size && heap[child + 1]! < heap[child]!) child++
    if (heap[child]! >= sinking) break
    heap[at] = heap[child]!
    at = child
  }
  heap[at] = sinking
}
