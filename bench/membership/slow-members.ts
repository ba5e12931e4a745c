import type { SimNode, World } from 'libring/sim'

/**
 * What befalls slow members at times. `stopped`: nothing of the process runs, as on a machine that
 * is too busy. `held up`: its clock and timers run, but what it sends and what is sent to it takes
 * seconds, as where packets queue before a process that has no time to read them.
 */
export type Slowness = 'none' | 'stopped' | 'held up'

/** So many members are slow at times, and the others never. */
export const SLOW_PART = 0.1

/** How long a slow member is well between two spells, how long one lasts, each drawn evenly. */
export const WELL_MS = [5_000, 30_000] as const
export const SPELL_MS = [2_000, 20_000] as const
/** What anything takes on its way from and to a member that is held up. */
export const HELD_UP_MS = [500, 4_000] as const

type Draw = (limit: number) => number

interface Patient {
  readonly node: SimNode
  isSlow: boolean
  untilMs: number
}

/** Makes some members slow at times, each on its own. */
export class SlowMembers {
  readonly #world: World
  readonly #patients: readonly Patient[]
  readonly #slowness: Slowness
  readonly #draw: Draw

  constructor(world: World, nodes: readonly SimNode[], slowness: Slowness, draw: Draw) {
    this.#world = world
    this.#slowness = slowness
    this.#draw = draw
    this.#patients = nodes.map((node) => {
      return { node, isSlow: false, untilMs: world.nowMs + this.#between(WELL_MS) }
    })
  }

  /** Let so much virtual time pass. */
  runFor(durationMs: number): void {
    const endMs = this.#world.nowMs + durationMs
    while (this.#world.nowMs < endMs) {
      const next = Math.min(endMs, ...this.#patients.map(({ untilMs }) => untilMs))
      this.#world.runFor(next - this.#world.nowMs)
      for (const patient of this.#patients) {
        if (patient.untilMs <= this.#world.nowMs) this.#turn(patient)
      }
    }
  }

  #turn(patient: Patient): void {
    patient.isSlow = !patient.isSlow
    patient.untilMs = this.#world.nowMs + this.#between(patient.isSlow ? SPELL_MS : WELL_MS)
    if (this.#slowness === 'held up') return this.#holdUp()
    if (patient.isSlow) patient.node.pause()
    else patient.node.resume()
  }

  #holdUp(): void {
    this.#world.heal()
    const names = this.#patients.filter(({ isSlow }) => isSlow).map(({ node }) => node.name)
    if (names.length === 0) return
    this.#world.inject({ type: 'latency', from: names, latencyMs: HELD_UP_MS })
    this.#world.inject({ type: 'latency', to: names, latencyMs: HELD_UP_MS })
  }

  #between([least, most]: readonly [number, number]): number {
    return least + this.#draw(most - least + 1)
  }
}
