import { plan, Ring, type MemberPlan } from 'libring/ring'
import { median } from './reach.ts'

/** What one change of members moves, of all places that partitions have on members. */
export interface Moved {
  /** Copies of partitions that somebody has to fetch: the median of the changes tried, and the most. */
  readonly copies: number
  readonly copiesMax: number
  /** Partitions whose primary becomes another, likewise. */
  readonly primaries: number
  readonly primariesMax: number
}

export interface RingMoves {
  readonly partitions: number
  readonly redundancy: number
  /** Places in all: partitions times the members that hold each. */
  readonly copies: number
  readonly join: Moved
  /** One member leaves and hands over all it held; or fails, and as many copies are made anew. */
  readonly leave: Moved
}

/** Members of evenly spread places that are taken away, each from the whole ring. */
const TRIES = 5

/** How many partitions move, from the assignment itself: no gossip is needed for that. */
export function ringMoves(
  nodes: number,
  setting: Pick<RingMoves, 'partitions' | 'redundancy'>,
): RingMoves {
  const ring = new Ring(
    Array.from({ length: nodes }, (_, index) => ({ name: `node-${index}` })),
    setting,
  )
  const held = Math.min(setting.redundancy, nodes)
  const tries = Math.min(TRIES, nodes)
  const joins = Array.from({ length: tries }, (_, index) => {
    return movedBy(plan(ring, { add: [{ name: `node-${nodes + index}` }] }).members)
  })
  const victims = Array.from({ length: tries }, (_, index) => {
    return ring.members[Math.floor(((index + 0.5) * nodes) / tries)]!
  })
  const leaves = victims.map(({ name }) => movedBy(plan(ring, { remove: [name] }).members))
  return {
    ...setting,
    copies: setting.partitions * held,
    join: movedOf(joins),
    leave: movedOf(leaves),
  }
}

interface Change {
  readonly copies: number
  readonly primaries: number
}

function movedBy(members: readonly MemberPlan[]): Change {
  return {
    copies: sum(members, ({ partitionsIn }) => partitionsIn),
    primaries: sum(members, ({ primariesIn }) => primariesIn),
  }
}

function movedOf(changes: readonly Change[]): Moved {
  const copies = changes.map((change) => change.copies)
  const primaries = changes.map((change) => change.primaries)
  return {
    copies: median(copies),
    copiesMax: Math.max(...copies),
    primaries: median(primaries),
    primariesMax: Math.max(...primaries),
  }
}

function sum<T>(list: readonly T[], of: (one: T) => number): number {
  return list.reduce((total, one) => total + of(one), 0)
}
