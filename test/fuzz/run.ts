import { Dice } from './dice.ts'
import type { Kind, Life } from './life.ts'
import { LIMITS } from './limits.ts'
import { NodeLife } from './node-life.ts'
import { TextLife } from './text-life.ts'
import { PeerLife } from './peer-life.ts'
import { OwnershipLife } from './ownership-life.ts'
import { RpcLife } from './rpc-life.ts'
import { meter, noWork, startMeter, WORK_KINDS, type Work } from './work.ts'

/** Inputs to one life. */
const INPUTS_PER_SEED = 250

/** What came of the life of one seed. */
export interface Outcome {
  readonly seed: number
  readonly inputs: ReadonlyMap<Kind, number>
  readonly faults: ReadonlyMap<string, number>
  /** The most that one input cost, by kind of work. */
  readonly most: Work
  readonly mostBy: ReadonlyMap<keyof Work, Kind>
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

/** Lead the life of a seed, one input after the other, and hold it to what is promised. */
export function runSeed(seed: number): Outcome {
  startMeter()
  const inputs = new Map<Kind, number>()
  const most = noWork()
  const mostBy = new Map<keyof Work, Kind>()
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
        const spent = meter.work[work]
        if (spent > LIMITS[work])
          throw new Error(`${spent} ${work} for a ${kind}: ${LIMITS[work]} at most`)
        if (spent <= most[work]) continue
        most[work] = spent
        mostBy.set(work, kind)
      }
    }
    held = life.held()
  } catch (error) {
    broken = `input ${turn}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
  }
  const faults = life?.faults() ?? new Map<string, number>()
  return { seed, inputs, faults, most, mostBy, held, broken }
}
