import { expect, test } from 'vitest'
import { NO_BYTES } from '../../../packages/libring/src/base/bytes.ts'
import type { SwimMachine } from '../../../packages/libring/src/swim/swim-machine.ts'
import type { NodeState } from '../../../packages/libring/src/wire/messages.ts'
import { loneMachine } from './lone-machine.ts'

function started(): SwimMachine {
  const machine = loneMachine()
  machine.handle({ type: 'start', advertise: { host: '10.0.1.1', port: 7_946 } }, 0)
  return machine
}

test('rows that were left out as they came count as claims refused, and the others are taken', () => {
  const machine = started()
  const ann: NodeState = {
    name: 'ann',
    addr: Uint8Array.of(10, 0, 1, 2),
    port: 7_946,
    meta: NO_BYTES,
    incarnation: 1,
    state: 'alive',
    versions: [1, 5, 2, 2, 5, 5],
  }
  const told = { join: false, nodes: [ann], rowsRefused: 3, userState: NO_BYTES } as const
  machine.handle({ type: 'request', connection: 1, message: { type: 'push-pull', ...told } }, 0)
  expect(machine.member('ann')?.state).toBe('alive')
  expect(machine.stats.claimsRefused).toBe(3)
})

test('a request that cannot be read is answered by why, but for one of another label', () => {
  const machine = started()
  const answers: boolean[] = []
  for (const fault of ['malformed', 'label'] as const) {
    machine.handle({ type: 'request-fault', connection: 1, fault }, 0)
    for (let effect = machine.poll(); effect !== undefined; effect = machine.poll()) {
      if (effect.type === 'respond') answers.push(effect.bytes !== undefined)
    }
  }
  expect(answers).toEqual([true, false])
  expect(machine.stats.faults).toMatchObject({ malformed: 1, label: 1 })
})

test('our own answer is nobody’s, though it tells of who is gone', () => {
  const machine = started()
  const rowOf = (name: string, last: number, state: NodeState['state']): NodeState => ({
    ...{ name, addr: Uint8Array.of(10, 0, 1, last), port: 7_946, meta: NO_BYTES },
    ...{ incarnation: 1, state, versions: [1, 5, 2, 2, 5, 5] },
  })
  machine.handle({ type: 'join', join: 1, seeds: [{ host: '10.0.1.7', port: 7_946 }] }, 0)
  let dial: number | undefined
  for (let effect = machine.poll(); effect !== undefined; effect = machine.poll()) {
    if (effect.type === 'dial') dial = effect.dial
  }
  const nodes = [rowOf('self', 1, 'alive'), rowOf('ann', 2, 'dead'), rowOf('bob', 3, 'left')]
  const message = { type: 'push-pull', join: true, nodes, userState: NO_BYTES } as const
  machine.handle({ type: 'reply', dial: dial!, message }, 0)
  const joined: number[] = []
  for (let effect = machine.poll(); effect !== undefined; effect = machine.poll()) {
    if (effect.type === 'joined') joined.push(effect.contacted)
  }
  expect(joined).toEqual([0])
})
