import { expect, test } from 'vitest'
import { NO_BYTES } from '../../../packages/libring/src/base/bytes.ts'
import { seededRandom } from '../../../packages/libring/src/base/random.ts'
import { resolveSwimOptions } from '../../../packages/libring/src/swim/options.ts'
import { SwimMachine } from '../../../packages/libring/src/swim/swim-machine.ts'
import type { NodeState } from '../../../packages/libring/src/wire/messages.ts'

function started(): SwimMachine {
  const machine = new SwimMachine({
    name: 'self',
    meta: NO_BYTES,
    versions: [1, 5, 2, 2, 5, 5],
    options: resolveSwimOptions('lan'),
    random: seededRandom(1, 'push-pull'),
    passenger: {
      userState: () => NO_BYTES,
      ackPayload: () => NO_BYTES,
      takePayloads: () => [],
    },
  })
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
