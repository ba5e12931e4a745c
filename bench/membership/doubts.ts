import type { SimNodeOptions } from 'libring/sim'
import { draws } from '../ring/names.ts'
import { Crowd } from './crowd.ts'
import { SlowMembers, SLOW_PART, type Slowness } from './slow-members.ts'

export interface DoubtsTask {
  readonly nodes: number
  readonly minutes: number
  readonly seed: number
  /** Part of all datagrams that is lost, every way. */
  readonly lossRate: number
  readonly slowness: Slowness
  readonly lifeguard: boolean
}

/** Deaths told of members that were up. */
export interface Wrong {
  /** One for each member that was told of it. */
  readonly told: number
  /** Those of one member at one incarnation are one. */
  readonly deaths: number
}

/** Who was held for dead that was not, by whom, in how much virtual time. */
export interface Doubts extends DoubtsTask {
  /** Of all members together. */
  readonly nodeHours: number
  /** Of members that are never slow; told to such members; and of members that are slow at times. */
  readonly ofWell: Wrong
  readonly ofWellToWell: Wrong
  readonly ofSlow: Wrong
  /** How often a member was accused and answered. */
  readonly refutations: number
  readonly probes: number
  readonly probesFailed: number
  readonly simulatedMs: number
  readonly wallMs: number
}

/** What of Lifeguard can be turned off; the rest stays. */
const WITHOUT: SimNodeOptions = { awarenessMaxMult: 1, suspicionMaxTimeoutMult: 1 }

/** Not counted: they find each other. */
const FORMING_MS = 60_000

/** Have a cluster run under trouble in which nobody dies, and count who is said to have. */
export function countDoubts(task: DoubtsTask): Doubts {
  const { nodes, minutes, seed, lossRate, slowness, lifeguard } = task
  const wallMs = performance.now()
  const crowd = new Crowd({ nodes, seed, lossRate, options: lifeguard ? {} : WITHOUT })
  const { world } = crowd
  const slowOnes = world.nodes.slice(0, slowness === 'none' ? 0 : Math.round(SLOW_PART * nodes))
  const isSlow = new Set(slowOnes)
  world.runFor(FORMING_MS)
  const [ofWell, ofWellToWell, ofSlow] = [new Tally(), new Tally(), new Tally()]
  crowd.onFailure(({ observer, member, incarnation }) => {
    if (!member.isUp) return
    const death = `${member.name} ${incarnation}`
    if (isSlow.has(member)) return ofSlow.count(death)
    ofWell.count(death)
    if (!isSlow.has(observer)) ofWellToWell.count(death)
  })
  const before = statsOf(crowd)
  new SlowMembers(world, slowOnes, slowness, draws(`slow/${seed}`)).runFor(minutes * 60_000)
  const after = statsOf(crowd)
  return {
    ...task,
    nodeHours: (nodes * minutes) / 60,
    ofWell: ofWell.counts,
    ofWellToWell: ofWellToWell.counts,
    ofSlow: ofSlow.counts,
    refutations: after.refutations - before.refutations,
    probes: after.probes - before.probes,
    probesFailed: after.probesFailed - before.probesFailed,
    simulatedMs: world.nowMs,
    wallMs: performance.now() - wallMs,
  }
}

class Tally {
  readonly #deaths = new Set<string>()
  #told = 0

  count(death: string): void {
    this.#told++
    this.#deaths.add(death)
  }

  get counts(): Wrong {
    return { told: this.#told, deaths: this.#deaths.size }
  }
}

function statsOf({ world }: Crowd): Pick<Doubts, 'refutations' | 'probes' | 'probesFailed'> {
  const all = world.nodes.map(({ gossip }) => gossip.stats.swim)
  const sum = (of: (stats: (typeof all)[number]) => number) => {
    return all.reduce((total, stats) => total + of(stats), 0)
  }
  return {
    refutations: sum(({ refutations }) => refutations),
    probes: sum(({ probes }) => probes),
    probesFailed: sum(({ probesFailed }) => probesFailed),
  }
}
