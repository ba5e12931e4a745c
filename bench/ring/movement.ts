import type { RingMember } from 'libring/ring'
import { draws, NAME_KINDS, nameSet } from './names.ts'
import { numberOf, type Scheme, type Shape, type Table } from './schemes.ts'

export interface Spread {
  readonly mean: number
  readonly worst: number
}

/** What single joins and leaves do, over many sets of names. */
export interface Singles {
  readonly nameSets: number
  /** Most slots of one member, as a multiple of the mean. */
  readonly maxLoad: Spread
  /** Most primaries of one member, as a multiple of the mean. */
  readonly maxPrimary: Spread
  /** Partitions that members had to fetch, as a multiple of the fewest possible. */
  readonly join: Spread
  readonly leave: Spread | undefined
  /** Where the primary left: how often a backup of the partition took over. */
  readonly held: number | undefined
  /** Where the primary did not leave: how often it stayed. */
  readonly stay: number | undefined
}

export function membersOf(names: readonly string[]): RingMember[] {
  return names.map((name) => ({ name }))
}

/** The sets of names that all figures are taken over: as many of each kind. */
export function nameSets(count: number, size: number): string[][] {
  return Array.from({ length: count }, (_, i) => {
    return nameSet(NAME_KINDS[i % NAME_KINDS.length]!, Math.floor(i / NAME_KINDS.length), size)
  })
}

/** (partition, member) pairs that are new: what has to be fetched from somebody. */
export function gained(before: Table, after: Table): number {
  const partitions = before.holders.length / before.width
  let count = 0
  for (let p = 0; p < partitions; p++) {
    for (let r = 0; r < after.width; r++) {
      if (!holds(before, p, after.holders[p * after.width + r]!)) count++
    }
  }
  return count
}

export function holds({ holders, width }: Table, partition: number, member: number): boolean {
  const from = partition * width
  for (let at = from; at < from + width; at++) if (holders[at] === member) return true
  return false
}

/** Slots, and primaries, by member number. */
export function loadsOf({ holders, width }: Table): [Map<number, number>, Map<number, number>] {
  const loads = new Map<number, number>()
  const primaries = new Map<number, number>()
  for (const [at, member] of holders.entries()) {
    loads.set(member, (loads.get(member) ?? 0) + 1)
    if (at % width === 0) primaries.set(member, (primaries.get(member) ?? 0) + 1)
  }
  return [loads, primaries]
}

export function spreadOf(values: readonly number[]): Spread {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return { mean, worst: Math.max(...values) }
}

export function measureSingles(
  scheme: Scheme,
  shape: Shape,
  sets: number,
  leaves: number,
): Singles {
  const { partitions, members: count, redundancy } = shape
  const width = Math.min(redundancy, count)
  const maxLoad: number[] = []
  const maxPrimary: number[] = []
  const join: number[] = []
  const leave: number[] = []
  const tally = { orphans: 0, held: 0, others: 0, stayed: 0 }
  for (const names of nameSets(sets, count + 1)) {
    const members = membersOf(names.slice(0, count))
    const before = scheme.build(members, shape)
    const [loads, primaries] = loadsOf(before)
    maxLoad.push((Math.max(...loads.values()) * count) / (partitions * width))
    maxPrimary.push((Math.max(...primaries.values()) * count) / partitions)
    const joined = scheme.build(membersOf(names), shape)
    join.push(gained(before, joined) / ((partitions * redundancy) / (count + 1)))
    for (const leaver of pick(members, leaves)) {
      const after = scheme.build(
        members.filter((member) => member !== leaver),
        shape,
      )
      // Where all hold everything there is nobody to fetch anything.
      if (count > redundancy) {
        leave.push(gained(before, after) / loads.get(numberOf(leaver.name))!)
      }
      tallyPrimaries(before, after, numberOf(leaver.name), tally)
    }
  }
  return {
    nameSets: sets,
    maxLoad: spreadOf(maxLoad),
    maxPrimary: spreadOf(maxPrimary),
    join: spreadOf(join),
    leave: leave.length === 0 ? undefined : spreadOf(leave),
    held: tally.orphans === 0 ? undefined : tally.held / tally.orphans,
    stay: tally.others === 0 ? undefined : tally.stayed / tally.others,
  }
}

export function tallyPrimaries(
  before: Table,
  after: Table,
  leaver: number,
  tally: { orphans: number; held: number; others: number; stayed: number },
): void {
  const partitions = before.holders.length / before.width
  for (let p = 0; p < partitions; p++) {
    const old = before.holders[p * before.width]!
    const now = after.holders[p * after.width]!
    if (old === leaver) {
      tally.orphans++
      if (holds(before, p, now)) tally.held++
    } else {
      tally.others++
      if (old === now) tally.stayed++
    }
  }
}

/** Members that join one by one from one count to another, and then leave at random. */
export function measureWalk(scheme: Scheme, shape: Shape, to: number, sets: number): Spread {
  const ratios = nameSets(sets, to).map((names, set) => {
    const draw = draws(`walk/${set}`)
    let members = membersOf(names.slice(0, shape.members))
    let table = scheme.build(members, shape)
    let moved = 0
    let least = 0
    for (let count = shape.members; count < to; count++) {
      members = membersOf(names.slice(0, count + 1))
      const next = scheme.build(members, shape)
      moved += gained(table, next)
      least += (shape.partitions * shape.redundancy) / (count + 1)
      table = next
    }
    while (members.length > shape.members) {
      const leaver = members[draw(members.length)]!
      members = members.filter((member) => member !== leaver)
      least += loadsOf(table)[0].get(numberOf(leaver.name))!
      const next = scheme.build(members, shape)
      moved += gained(table, next)
      table = next
    }
    return moved / least
  })
  return spreadOf(ratios)
}

/** A tenth of the members joins at once; a tenth leaves at once. */
export function measureTenth(
  scheme: Scheme,
  shape: Shape,
  sets: number,
): { join: Spread; leave: Spread } {
  const { partitions, redundancy, members: count } = shape
  const tenth = Math.max(1, Math.floor(count / 10))
  const join: number[] = []
  const leave: number[] = []
  for (const names of nameSets(sets, count + tenth)) {
    const members = membersOf(names.slice(0, count))
    const before = scheme.build(members, shape)
    const more = scheme.build(membersOf(names), shape)
    join.push(gained(before, more) / ((partitions * redundancy * tenth) / (count + tenth)))
    const leavers = new Set(pick(members, tenth))
    const fewer = scheme.build(
      members.filter((member) => !leavers.has(member)),
      shape,
    )
    const [loads] = loadsOf(before)
    let held = 0
    for (const { name } of leavers) held += loads.get(numberOf(name))!
    leave.push(gained(before, fewer) / held)
  }
  return { join: spreadOf(join), leave: spreadOf(leave) }
}

/** Everybody leaves and comes back, one after the other. */
export interface RollingRestart {
  /** Partitions fetched, as a multiple of the fewest possible: two for every slot. */
  readonly ratio: Spread
  /** Slots that changed hands, by slot. */
  readonly movesPerSlot: Spread
}

export function measureRollingRestart(scheme: Scheme, shape: Shape, sets: number): RollingRestart {
  const slots = shape.partitions * Math.min(shape.redundancy, shape.members)
  const ratio: number[] = []
  const movesPerSlot: number[] = []
  for (const names of nameSets(sets, shape.members)) {
    const members = membersOf(names)
    const whole = scheme.build(members, shape)
    let fetched = 0
    let moves = 0
    for (const leaver of members) {
      const without = scheme.build(
        members.filter((member) => member !== leaver),
        shape,
      )
      fetched += gained(whole, without) + gained(without, whole)
      for (const [at, member] of whole.holders.entries()) {
        if (without.holders[at] !== member) moves += 2
      }
    }
    ratio.push(fetched / (2 * slots))
    movesPerSlot.push(moves / slots)
  }
  return { ratio: spreadOf(ratio), movesPerSlot: spreadOf(movesPerSlot) }
}

/** Some of the members, evenly over the list. */
function pick(members: readonly RingMember[], count: number): RingMember[] {
  const most = Math.min(count, members.length)
  return Array.from({ length: most }, (_, i) => members[Math.floor((i * members.length) / most)]!)
}
