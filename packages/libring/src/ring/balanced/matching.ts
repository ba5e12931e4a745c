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

/** Ticks may be far apart, so whoever is next comes off a heap by (tick, member). */
function matchByTick(
  placement: Placement,
  clock: RankClock,
  capacity: Capacity,
  zones: ZoneRule | undefined,
): void {
  const { partitions, width } = placement
  const ranks = new Uint32Array(clock.members)
  const ticks = new Uint32Array(clock.members)
  const heap = firstMembers(clock.members)
  let size = heap.length
  let open = partitions * width
  while (size > 0 && open > 0) {
    const member = heap[0]!
    if (ranks[member] === partitions || !capacity.hasRoom(member)) {
      heap[0] = heap[--size]!
      sinkTop(heap, size, ticks)
      continue
    }
    const partition = clock.permutations.partitionAt(member, ranks[member]!)
    if (!placement.isFull(partition) && (zones?.admit(partition, member) ?? true)) {
      capacity.take(member)
      placement.append(partition, member, ticks[member]!)
      open--
    }
    ticks[member] = clock.tickOf(member, ++ranks[member]!)
    sinkTop(heap, size, ticks)
  }
}

function firstMembers(count: number): Uint16Array {
  const members = new Uint16Array(count)
  for (let i = 0; i < count; i++) members[i] = i
  return members
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
