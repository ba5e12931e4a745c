import { expect, test } from 'vitest'
import type { Address } from '../../../packages/libring/src/base/address.ts'
import { seededRandom } from '../../../packages/libring/src/base/random.ts'
import type { SwimEffect } from '../../../packages/libring/src/swim/effects.ts'
import { resolveSwimOptions } from '../../../packages/libring/src/swim/options.ts'
import { SwimMachine } from '../../../packages/libring/src/swim/swim-machine.ts'
import { streamMessage } from '../serf/world.ts'

const place = (last: number): Address => ({ host: `127.0.0.${last}`, port: 7946 })

function newMachine(): SwimMachine {
  return new SwimMachine({
    name: 'self',
    meta: new Uint8Array(0),
    versions: [1, 5, 2, 2, 5, 5],
    options: resolveSwimOptions('local', { compression: false }),
    random: seededRandom(1),
    passenger: {
      userState: () => new Uint8Array(0),
      takePayloads: () => [],
      ackPayload: () => new Uint8Array(0),
    },
  })
}

function drain(machine: SwimMachine): SwimEffect[] {
  const effects: SwimEffect[] = []
  for (let effect = machine.poll(); effect !== undefined; effect = machine.poll()) {
    effects.push(effect)
  }
  return effects
}

test.each(['answers', 'answers another call', 'is not there', 'says nothing'])(
  'whoever is called by name over a stream %s, which is told once',
  (how) => {
    const machine = newMachine()
    machine.handle({ type: 'start', advertise: place(1) }, 0)
    machine.handle({ type: 'call', to: place(9), node: 'self' }, 0)
    const [dial] = drain(machine).filter((effect) => effect.type === 'dial')
    const call = streamMessage(dial!.bytes)
    if (call.type !== 'ping') throw new Error('that is no call')
    expect([dial!.to, call.node]).toEqual([place(9), 'self'])
    const seq = how === 'answers' ? call.seq : call.seq + 1
    const message = { type: 'ack', seq, payload: new Uint8Array(0) } as const
    if (how === 'is not there') {
      machine.handle({ type: 'dial-failed', dial: dial!.dial, reason: 'refused' }, 0)
    } else if (how !== 'says nothing') {
      machine.handle({ type: 'reply', dial: dial!.dial, message }, 0)
    }
    machine.tick(30_000)
    const told = drain(machine).filter(({ type }) => type === 'called')
    expect(told).toEqual([{ type: 'called', answered: how === 'answers' }])
  },
)

test('before the start nobody is called, nor counts as there', () => {
  const machine = newMachine()
  machine.handle({ type: 'call', to: place(9), node: 'self' }, 0)
  expect(drain(machine)).toEqual([{ type: 'called', answered: false }])
})

test('what is for one address goes there alone, in a packet of its own', () => {
  const machine = newMachine()
  machine.handle({ type: 'start', advertise: place(1) }, 0)
  machine.handle({ type: 'direct', to: place(9), payload: Uint8Array.of(7) }, 0)
  const sent = drain(machine).filter((effect) => effect.type === 'send')
  expect(sent).toEqual([{ type: 'send', to: place(9), bytes: Uint8Array.of(8, 7) }])
})
