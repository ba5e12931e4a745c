import { Dice } from './dice.ts'
import type { Kind, Life } from './life.ts'
import { heldLimitOf, limitOf } from './limits.ts'
import { NodeLife } from './node-life.ts'
import { TextLife } from './text-life.ts'
import { PeerLife } from './peer-life.ts'
import { OwnershipLife } from './ownership-life.ts'
import { RpcLife } from './rpc-life.ts'
import { meter, startMeter, WORK_KINDS, type WorkKind } from './work.ts'

/** Inputs to one life. */
const INPUTS_PER_SEED = 250

/** What an input cost of some kind of work, and what it might have. */
export interface Cost {
  readonly spent: number
  readonly limit: number
  readonly kind: Kind
}

/** Whether one input came nearer to its limit than another. */
export function isNearer(cost: Cost, other: Cost | undefined): boolean {
  return cost.spent / cost.limit > (other === undefined ? 0 : other.spent / other.limit)
}

/** What came of the life of one seed. */
export interface Outcome {
  readonly seed: number
  readonly inputs: ReadonlyMap<Kind, number>
  readonly faults: ReadonlyMap<string, number>
  /** The input that came nearest to what it may cost, by kind of work. */
  readonly most: ReadonlyMap<WorkKind, Cost>
  /** The most that was held after an input, by what it was. */
  readonly held: Readonly<Record<string, number>>
  /** What was thrown, or which limit was passed, and by which input. */
  readonly broken: string | undefined
}

function lifeOf(dice: Dice): Life {
  switch (dice.below(20)) {
    case 0:
      return new PeerLife(dice)
    case 1:
      return new RpcLife(dice)
    case 2:
      return new OwnershipLife(dice)
    case 3:
      return new TextLife(dice)
    default:
      return new NodeLife(dice)
  }
}

/** The more of each. @throws where something is above its limit. */
function mostOf(
  before: Readonly<Record<string, number>>,
  now: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const most: Record<string, number> = {}
  for (const [what, count] of Object.entries(now)) {
    const limit = heldLimitOf(what)
    if (count > limit) throw new Error(`${count} ${what} held: ${limit} at most`)
    most[what] = Math.max(count, before[what] ?? 0)
  }
  return most
}

/** Lead the life of a seed, one input after the other, and hold it to what is promised. */
export function runSeed(seed: number): Outcome {
  startMeter()
  const inputs = new Map<Kind, number>()
  const most = new Map<WorkKind, Cost>()
  let life: Life | undefined
  let held: Readonly<Record<string, number>> = {}
  let broken: string | undefined
  let turn = 0
  try {
    life = lifeOf(new Dice(seed))
    for (; turn < INPUTS_PER_SEED; turn++) {
      const kind = life.step()
      inputs.set(kind, (inputs.get(kind) ?? 0) + 1)
      for (const work of WORK_KINDS) {
        const cost = { spent: meter.work[work], limit: limitOf(kind, work), kind }
        const { spent, limit } = cost
        if (spent > limit) throw new Error(`${spent} ${work} for a ${kind}: ${limit} at most`)
        if (isNearer(cost, most.get(work))) most.set(work, cost)
      }
      held = mostOf(held, life.held())
    }
  } catch (error) {
    broken = `input ${turn}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
  }
  const faults = life?.faults() ?? new Map<string, number>()
  return { seed, inputs, faults, most, held, broken }
}
