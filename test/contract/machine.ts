import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Machine } from '../../packages/libring/src/base/machine.ts'

/** Something that happens to a machine: so many milliseconds later it is fed and ticked. */
export interface MachineStep<Input> {
  readonly afterMs: number
  /** Only ticked where there is none. */
  readonly input: Input | undefined
}

/** How to make a machine, and what may be done to it. */
export interface MachineCase<Input, Effect> {
  readonly create: () => Machine<Input, Effect>
  /** Anything that a shell or a peer may hand in, sense and nonsense, in any order. */
  readonly input: fc.Arbitrary<Input>
  /** How many random lives to try. */
  readonly runs?: number
}

const SEED = 20_26

/** What every machine promises. Run for each of them alike. */
export function machineContract<Input, Effect>(
  name: string,
  { create, input, runs = 200 }: MachineCase<Input, Effect>,
): void {
  const step: fc.Arbitrary<MachineStep<Input>> = fc.record({
    afterMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 2_000 }), fc.nat(100_000)),
    input: fc.option(input, { nil: undefined, freq: 4 }),
  })
  const life = fc.array(step, { maxLength: 60 })
  const parameters = { seed: SEED, numRuns: runs }

  function drain(machine: Machine<Input, Effect>): Effect[] {
    const effects: Effect[] = []
    for (let effect = machine.poll(); effect !== undefined; effect = machine.poll()) {
      effects.push(effect)
    }
    return effects
  }

  /** Lead a life, and hand every moment after a step to `look`. */
  function live(
    steps: readonly MachineStep<Input>[],
    look: (machine: Machine<Input, Effect>, nowMs: number, effects: Effect[]) => void,
  ): void {
    const machine = create()
    let nowMs = 1_000
    for (const { afterMs, input } of steps) {
      nowMs += afterMs
      if (input !== undefined) machine.handle(input, nowMs)
      machine.tick(nowMs)
      look(machine, nowMs, drain(machine))
    }
  }

  describe(`${name} keeps the machine contract`, () => {
    test('at rest it has nothing to say', () => {
      const machine = create()
      expect(machine.poll()).toBeUndefined()
      machine.tick(0)
      expect(machine.poll()).toBeUndefined()
    })

    test('nothing that can be fed makes it throw, and no deadline is left behind', () => {
      fc.assert(
        fc.property(life, (steps) => {
          live(steps, (machine, nowMs) => {
            expect(machine.deadlineMs() ?? Infinity).toBeGreaterThan(nowMs)
          })
        }),
        parameters,
      )
    })

    test('a tick before the deadline changes nothing', () => {
      fc.assert(
        fc.property(life, (steps) => {
          live(steps, (machine, nowMs) => {
            const deadlineMs = machine.deadlineMs()
            machine.tick(nowMs)
            expect(machine.poll()).toBeUndefined()
            expect(machine.deadlineMs()).toBe(deadlineMs)
          })
        }),
        parameters,
      )
    })

    test('the same life leads to the same effects', () => {
      fc.assert(
        fc.property(life, (steps) => {
          const once: Effect[] = []
          const again: Effect[] = []
          live(steps, (_, __, effects) => void once.push(...effects))
          live(steps, (_, __, effects) => void again.push(...effects))
          expect(again).toEqual(once)
        }),
        { ...parameters, numRuns: Math.ceil(runs / 4) },
      )
    })
  })
}
