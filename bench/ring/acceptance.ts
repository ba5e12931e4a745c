import type { RingMember } from 'libring/ring'
import {
  gained,
  loadsOf,
  measureSingles,
  measureTenth,
  measureWalk,
  membersOf,
  nameSets,
  spreadOf,
  tallyPrimaries,
} from './movement.ts'
import { balanced, libring, numberOf, type Shape } from './schemes.ts'
import { TARGETS, ZONE_SHAPES, ZONE_TARGET } from './targets.ts'

/** One number that was asked for, and what came out. */
export interface Check {
  readonly shape: string
  readonly what: string
  readonly measured: number
  readonly target: number
  readonly met: boolean
}

const LEAVES_PER_SET = 6

export function shapeText({ partitions, members, redundancy }: Shape): string {
  return `${partitions},${members},${redundancy}`
}

/** Every row of the targets, for the balanced assignment. */
export function checkTargets(sets: number): Check[] {
  const checks: Check[] = []
  for (const { walk, tenth, moveWithoutSlack, ...target } of TARGETS) {
    const shape = shapeText(target)
    const atMost = (what: string, measured: number | undefined, most: number) => {
      if (measured === undefined) return
      checks.push({ shape, what, measured, target: most, met: measured <= most + 5e-4 })
    }
    const atLeast = (what: string, measured: number | undefined, least: number) => {
      if (measured === undefined) return
      checks.push({ shape, what, measured, target: least, met: measured >= least - 5e-4 })
    }
    const singles = measureSingles(balanced, target, sets, LEAVES_PER_SET)
    atMost('max/mean load, worst set', singles.maxLoad.worst, target.maxLoad)
    atMost('max/mean primaries, worst set', singles.maxPrimary.worst, target.maxPrimary)
    atMost('join, mean', singles.join.mean, target.move)
    atMost('leave, mean', singles.leave?.mean, target.move)
    atMost('join, worst', singles.join.worst, target.worstMove)
    atMost('leave, worst', singles.leave?.worst, target.worstMove)
    atLeast('held', singles.held, target.held)
    atLeast('stay', singles.stay, target.stay)
    if (walk !== undefined) {
      const walked = measureWalk(balanced, { ...target, members: walk.from }, walk.to, sets)
      atMost(`walk ${walk.from}..${walk.to}, mean`, walked.mean, walk.most)
    }
    if (tenth !== undefined) {
      const { join, leave } = measureTenth(balanced, target, sets)
      atMost('a tenth joins, mean', join.mean, tenth)
      atMost('a tenth leaves, mean', leave.mean, tenth)
    }
    if (moveWithoutSlack !== undefined) {
      checks.push(...checkWithoutSlack(target, sets, moveWithoutSlack))
    }
  }
  return [...checks, ...ZONE_SHAPES.flatMap((zones) => checkZones(zones, sets))]
}

function checkWithoutSlack(shape: Shape, sets: number, most: number): Check[] {
  const exact = libring('no slack', { slack: 0, primarySlack: 0 })
  const { join, leave } = measureSingles(exact, shape, sets, LEAVES_PER_SET)
  let furthest = 0
  for (const names of nameSets(sets, shape.members)) {
    const [loads] = loadsOf(exact.build(membersOf(names), shape))
    const mean = (shape.partitions * shape.redundancy) / shape.members
    for (const load of loads.values()) furthest = Math.max(furthest, Math.abs(load - mean))
  }
  const text = shapeText(shape)
  return [
    // Floor and ceiling of the mean are less than one away from it.
    {
      shape: text,
      what: 'no slack: load off mean',
      measured: furthest,
      target: 1,
      met: furthest < 1,
    },
    {
      shape: text,
      what: 'no slack: join, mean',
      measured: join.mean,
      target: most,
      met: join.mean <= most,
    },
    {
      shape: text,
      what: 'no slack: leave, mean',
      measured: leave!.mean,
      target: most,
      met: leave!.mean <= most,
    },
  ]
}

/** As many zones as holders, all of one size: a partition has one holder in each. */
function checkZones(zoned: (typeof ZONE_SHAPES)[number], sets: number): Check[] {
  const { zones, perZone, partitions } = zoned
  const count = zones * perZone
  const shape: Shape = { partitions, members: count, redundancy: zones }
  const join: number[] = []
  const leave: number[] = []
  const tally = { orphans: 0, held: 0, others: 0, stayed: 0 }
  for (const names of nameSets(sets, count + 1)) {
    const all: RingMember[] = names.map((name, i) => ({ name, zone: `zone-${i % zones}` }))
    const members = all.slice(0, count)
    const before = balanced.build(members, shape)
    // The newcomer can take only from its own zone.
    join.push(gained(before, balanced.build(all, shape)) / (partitions / (perZone + 1)))
    const [loads] = loadsOf(before)
    for (const leaver of members.slice(0, LEAVES_PER_SET)) {
      const after = balanced.build(
        members.filter((member) => member !== leaver),
        shape,
      )
      leave.push(gained(before, after) / loads.get(numberOf(leaver.name))!)
      tallyPrimaries(before, after, numberOf(leaver.name), tally)
    }
  }
  const text = `${partitions}, ${zones} zones of ${perZone}, ${zones}`
  const held = tally.held / tally.orphans
  const moves = [
    { what: 'join, mean', measured: spreadOf(join).mean },
    { what: 'leave, mean', measured: spreadOf(leave).mean },
  ].map((move) => {
    const met = move.measured <= ZONE_TARGET.move
    return { shape: text, ...move, target: ZONE_TARGET.move, met }
  })
  const heldCheck = { what: 'held', measured: held, target: ZONE_TARGET.held }
  return [...moves, { shape: text, ...heldCheck, met: held >= ZONE_TARGET.held }]
}
