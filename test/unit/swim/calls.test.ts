import { beforeEach, describe, expect, test } from 'vitest'
import { addressText, ipToBytes, type Address } from '../../../packages/libring/src/base/address.ts'
import type { SwimEffect } from '../../../packages/libring/src/swim/effects.ts'
import { resolveSwimOptions, type SwimOptions } from '../../../packages/libring/src/swim/options.ts'
import { PROOFS_MAX } from '../../../packages/libring/src/swim/exchanges.ts'
import type { SwimMachine } from '../../../packages/libring/src/swim/swim-machine.ts'
import { encodeMessage } from '../../../packages/libring/src/wire/encode.ts'
import type { PacketMessage } from '../../../packages/libring/src/wire/messages.ts'
import { streamMessage } from '../serf/world.ts'
import { loneMachine } from './lone-machine.ts'

const place = (last: number): Address => ({ host: `127.0.0.${last}`, port: 7946 })

function newMachine(overrides: SwimOptions = {}): SwimMachine {
  return loneMachine({
    options: resolveSwimOptions('local', { compression: false, ...overrides }),
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

describe('a dead member that comes back at another address', () => {
  let machine: SwimMachine
  let now: number

  const alive = (name: string, last: number, incarnation: number): PacketMessage => {
    const addr = ipToBytes(place(last).host)!
    const [meta, versions] = [new Uint8Array(0), [1, 5, 2, 2, 5, 5] as const]
    return { type: 'alive', node: name, incarnation, addr, port: 7946, meta, versions }
  }
  const hear = (message: PacketMessage): SwimEffect[] => {
    machine.handle({ type: 'packet', from: place(3), bytes: encodeMessage(message) }, now)
    return drain(machine)
  }
  const dialsIn = (effects: readonly SwimEffect[]) => {
    return effects.filter((effect) => effect.type === 'dial')
  }
  const answer = (dial: { dial: number; bytes: Uint8Array }): SwimEffect[] => {
    const call = streamMessage(dial.bytes)
    if (call.type !== 'ping') throw new Error('that is no call')
    const message = { type: 'ack', seq: call.seq, payload: new Uint8Array(0) } as const
    machine.handle({ type: 'reply', dial: dial.dial, message }, now)
    return drain(machine)
  }
  const placeOf = (name: string) => {
    const { state, address } = machine.member(name)!
    return `${state} at ${addressText(address)}`
  }
  const die = (name: string, last: number): void => {
    hear(alive(name, last, 5))
    hear({ type: 'dead', node: name, incarnation: 5, from: 'bob' })
  }

  beforeEach(() => {
    machine = newMachine({ deadNodeReclaimMs: 1_000 })
    now = 0
    machine.handle({ type: 'start', advertise: place(1) }, now)
    die('ann', 8)
    now = 1_001
  })

  test('is called there by name, and is there once it has answered', () => {
    const [dial, ...others] = dialsIn(hear(alive('ann', 9, 6)))
    expect([dial!.to, others]).toEqual([place(9), []])
    expect(streamMessage(dial!.bytes)).toMatchObject({ type: 'ping', node: 'ann' })
    expect(placeOf('ann')).toBe('dead at 127.0.0.8:7946')
    const told = answer(dial!).filter(({ type }) => type === 'member' || type === 'called')
    expect(told).toEqual([expect.objectContaining({ type: 'member', change: 'up' })])
    expect(placeOf('ann')).toBe('alive at 127.0.0.9:7946')
  })

  test('stays dead where nobody of its name is, and is called again with the next claim', () => {
    const [dial] = dialsIn(hear(alive('ann', 9, 6)))
    expect(dialsIn(hear(alive('ann', 10, 7)))).toEqual([])
    machine.handle({ type: 'dial-failed', dial: dial!.dial, reason: 'refused' }, now)
    expect(drain(machine)).toEqual([])
    expect(placeOf('ann')).toBe('dead at 127.0.0.8:7946')
    expect(dialsIn(hear(alive('ann', 9, 6))).map(({ to }) => to)).toEqual([place(9)])
  })

  test('is not called for what was said before its death', () => {
    expect(hear(alive('ann', 9, 5))).toEqual([])
    expect(placeOf('ann')).toBe('dead at 127.0.0.8:7946')
  })

  test('is one of a bounded number that are called at one time', () => {
    const names = Array.from({ length: PROOFS_MAX + 3 }, (_, index) => `m${index}`)
    for (const [index, name] of names.entries()) die(name, 20 + index)
    now = 3_000
    const dials = names.flatMap((name, index) => dialsIn(hear(alive(name, 120 + index, 6))))
    expect(dials).toHaveLength(PROOFS_MAX)
    answer(dials[0]!)
    expect(dialsIn(hear(alive(names.at(-1)!, 120, 6)))).toHaveLength(1)
  })
})
