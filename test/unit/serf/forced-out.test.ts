import { beforeEach, expect, test } from 'vitest'
import type { SerfMessage } from '../../../packages/libring/src/serf/messages.ts'
import { encodeMessage } from '../../../packages/libring/src/wire/encode.ts'
import { aliveOf, LoneNode, newsIn, sentIn } from './lone-node.ts'

// A member is told to leave though it does not. It alone can refute that, and has to hear of it.

let node: LoneNode

beforeEach(() => {
  node = new LoneNode()
})

const join = (ltime: bigint, name: string): SerfMessage => ({ type: 'join', ltime, node: name })
const leave = (ltime: bigint, name: string, prune = false): SerfMessage => {
  return { type: 'leave', ltime, node: name, prune }
}
/** Whom nobody probes, so that it may be silent for long. */
const unprobed = () => new LoneNode({ swim: { probeIntervalMs: 600_000 } })
const hearOfDeath = (name: string): string[] => {
  node.packet(encodeMessage({ type: 'dead', incarnation: 1, node: name, from: 'bob' }))
  return newsIn(node.effects())
}

test('what refutes it is at all others at once, besides by gossip', () => {
  node.meet('bob', 3)
  const sent = sentIn(node.hear(leave(40n, 'self')))
  expect(sent).toEqual([
    { to: '127.0.0.2', message: join(41n, 'self') },
    { to: '127.0.0.3', message: join(41n, 'self') },
  ])
})

test('one of the very time of a join that we heard is brought to the member, which can refute it', () => {
  node.meet('bob', 3)
  node.hear(join(5n, 'ann'))
  // At a later time: a Serf agent does not refute a leave of the time of its join.
  expect(sentIn(node.hear(leave(5n, 'ann')))).toEqual([
    { to: '127.0.0.2', message: leave(6n, 'ann') },
  ])
  expect(node.machine.member('ann')?.status).toBe('alive')
})

test('one that it comes back from, joining at no later time, is brought to it when it is seen', () => {
  node.hear(leave(5n, 'bob'))
  node.packet(encodeMessage(aliveOf('bob', 3)))
  expect(sentIn(node.effects())).toEqual([{ to: '127.0.0.3', message: leave(6n, 'bob') }])
})

test('and, as that can be lost, whenever somebody tells of the member', () => {
  node.hear(leave(5n, 'bob'))
  node.meet('bob', 3)
  const tell = () => {
    node.pushPull({ statusLTimes: new Map([['bob', 5n]]) })
    return node.sent
  }
  expect(tell()).toEqual([{ to: '127.0.0.3', message: leave(6n, 'bob') }])
  expect(tell()).toEqual([{ to: '127.0.0.3', message: leave(6n, 'bob') }])
  node.hear(join(7n, 'bob'))
  expect(node.machine.member('bob')?.status).toBe('alive')
  expect(tell()).toEqual([])
})

test('that is done so often in a second, whatever peers send', () => {
  node.hear(join(5n, 'ann'))
  const sent = Array.from({ length: 40 }, () => sentIn(node.hear(leave(5n, 'ann'))))
  expect(sent.flat()).toHaveLength(16)
})

test('an older one is nothing to anybody', () => {
  node.hear(join(6n, 'ann'))
  expect(sentIn(node.hear(leave(5n, 'ann')))).toEqual([])
})

test('a prune is called off for good by a member that is alive, should it fail at once', () => {
  node = unprobed()
  node.hear(leave(5n, 'ann', true), join(6n, 'ann'))
  expect(hearOfDeath('ann')).toEqual(['member-failed ann'])
  expect(newsIn(node.wait(10_000))).toEqual([])
  expect(node.machine.member('ann')?.status).toBe('failed')
})

test('a prune of a member that is silent for long waits for it to talk again', () => {
  node = unprobed()
  node.hear(leave(5n, 'ann', true))
  expect(newsIn(node.wait(20_000))).toEqual([])
  node.hear(join(6n, 'ann'))
  expect(node.machine.member('ann')?.status).toBe('alive')
  expect(hearOfDeath('ann')).toEqual(['member-failed ann'])
})

test('or to be gone', () => {
  node = unprobed()
  node.hear(leave(5n, 'ann', true))
  expect(newsIn(node.wait(20_000))).toEqual([])
  expect(hearOfDeath('ann')).toEqual(['member-leave ann', 'member-reap ann'])
  expect(node.machine.member('ann')).toBeUndefined()
})
