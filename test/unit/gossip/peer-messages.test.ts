import { describe, expect, test } from 'vitest'
import { utf8Decode, utf8Encode } from '../../../packages/libring/src/base/bytes.ts'
import type { GossipNode } from '../../../packages/libring/src/gossip/gossip-node.ts'
import type { MessageOutcome } from '../../../packages/libring/src/gossip/peer-messages.ts'
import { pair, turn } from '../../support/peer-nodes.ts'

const TOPIC = 'libring/test'
const MESSAGE_BYTES_MAX = 1_114_112

function send(node: GossipNode, member: string, message: Uint8Array, deadlineMs = 5_000) {
  const outcomes: MessageOutcome[] = []
  const onOutcome = (outcome: MessageOutcome) => void outcomes.push(outcome)
  const call = node.peerMessages.send(member, TOPIC, message, { deadlineMs, onOutcome })
  return { outcomes, call }
}

describe('a message', () => {
  test('arrives whole, and its outcome is told, with no promise in between', async () => {
    const { bench, ann, bob } = await pair()
    const heard: string[] = []
    bob.peerMessages.receive(TOPIC, (from, message) => {
      heard.push(`${from}: ${utf8Decode(message)}`)
      return undefined
    })
    const { outcomes } = send(ann, 'bob', utf8Encode('released 7'))
    expect(outcomes).toEqual([])
    bench.pass(50)
    expect(heard).toEqual(['ann: released 7'])
    expect(outcomes).toEqual([{ type: 'delivered', answer: new Uint8Array(0) }])
  })

  test('may be answered', async () => {
    const { bench, ann, bob } = await pair()
    bob.peerMessages.receive(TOPIC, (_, message) => message.map((byte) => byte + 1))
    const { outcomes } = send(ann, 'bob', Uint8Array.of(1, 2))
    bench.pass(50)
    expect(outcomes).toEqual([{ type: 'delivered', answer: Uint8Array.of(2, 3) }])
  })

  test('may be as long as a state of 1 MiB, both ways, and no longer', async () => {
    const { bench, ann, bob } = await pair()
    bob.peerMessages.receive(TOPIC, (_, message) => message)
    const longest = new Uint8Array(MESSAGE_BYTES_MAX).fill(3)
    const { outcomes } = send(ann, 'bob', longest)
    bench.pass(2_000)
    expect(outcomes.map(({ type }) => type)).toEqual(['delivered'])
    const [outcome] = outcomes
    expect(outcome?.type === 'delivered' && Buffer.compare(outcome.answer, longest)).toBe(0)
    expect(() => send(ann, 'bob', new Uint8Array(MESSAGE_BYTES_MAX + 1))).toThrow(
      'message must be at most 1114112 bytes, got 1114113',
    )
  })

  test('that is longer than allowed is dropped by whoever gets it, and counted', async () => {
    const { bench, ann, bob } = await pair()
    bob.peerMessages.receive('long', () => expect.unreachable())
    const reply = ann.peers.request('bob', 'long', new Uint8Array(MESSAGE_BYTES_MAX + 1))
    await expect(bench.settled(reply)).rejects.toMatchObject({ code: 'LIBRING_PEER_FAILED' })
    expect(bob.stats.peers.faults['too-large']).toBe(1)
  })

  test('whose answer is longer than allowed has failed', async () => {
    const { bench, ann, bob } = await pair()
    bob.peers.serve('long', () => new Uint8Array(MESSAGE_BYTES_MAX + 1))
    const outcomes: MessageOutcome[] = []
    const onOutcome = (outcome: MessageOutcome) => void outcomes.push(outcome)
    ann.peerMessages.send('bob', 'long', Uint8Array.of(1), { deadlineMs: 5_000, onOutcome })
    bench.pass(100)
    await turn()
    bench.pass(1_000)
    expect(outcomes).toEqual([{ type: 'failed', ending: { type: 'fault', fault: 'too-large' } }])
  })

  test('to nobody fails later, never from within the call', async () => {
    const { bench, ann } = await pair()
    const { outcomes } = send(ann, 'zoe', Uint8Array.of(1))
    expect(outcomes).toEqual([])
    bench.pass(0)
    const reason = 'there is no such member'
    expect(outcomes).toEqual([{ type: 'failed', ending: { type: 'unreachable', reason } }])
  })

  test('that nobody listens to has failed, by name', async () => {
    const { bench, ann } = await pair()
    const { outcomes } = send(ann, 'bob', Uint8Array.of(1))
    bench.pass(50)
    expect(outcomes).toMatchObject([{ type: 'failed', ending: { type: 'refused', code: 'topic' } }])
  })

  test('has its deadline', async () => {
    const { bench, ann, bob } = await pair()
    bob.peerMessages.receive(TOPIC, () => expect.unreachable())
    const { outcomes } = send(ann, 'bob', Uint8Array.of(1), 1)
    bench.pass(5)
    expect(outcomes).toEqual([{ type: 'failed', ending: { type: 'timed-out' } }])
  })

  test('may be called off, once', async () => {
    const { bench, ann, bob } = await pair()
    bob.peerMessages.receive(TOPIC, () => expect.unreachable())
    const { outcomes, call } = send(ann, 'bob', Uint8Array.of(1))
    call.cancel()
    call.cancel()
    bench.pass(100)
    expect(outcomes).toEqual([{ type: 'failed', ending: { type: 'cancelled' } }])
  })

  test('goes ahead of the application: it has places of its own, at both ends', async () => {
    const { bench, ann, bob } = await pair()
    bob.peers.serve('hold', () => new Promise(() => {}))
    bob.peerMessages.receive(TOPIC, () => undefined)
    const holding = Array.from({ length: 200 }, () => ann.peers.request('bob', 'hold'))
    for (const held of holding) held.catch(() => {})
    bench.pass(100)
    const { outcomes } = send(ann, 'bob', Uint8Array.of(1))
    bench.pass(100)
    expect(outcomes.map(({ type }) => type)).toEqual(['delivered'])
  })

  test('waits for a place when 64 are under way, and all arrive', async () => {
    const { bench, ann, bob } = await pair()
    let heard = 0
    bob.peerMessages.receive(TOPIC, () => {
      heard++
      return undefined
    })
    const sent = Array.from({ length: 1_000 }, () => send(ann, 'bob', Uint8Array.of(1)))
    bench.pass(2_000)
    expect(heard).toBe(1_000)
    expect(sent.every(({ outcomes }) => outcomes[0]?.type === 'delivered')).toBe(true)
  })

  test('is told its end when the node stops', async () => {
    const { bench, ann } = await pair()
    const { outcomes } = send(ann, 'bob', Uint8Array.of(1))
    await ann.stop()
    expect(outcomes).toEqual([{ type: 'failed', ending: { type: 'closed' } }])
    const { outcomes: late } = send(ann, 'bob', Uint8Array.of(1))
    bench.pass(0)
    expect(late).toEqual([{ type: 'failed', ending: { type: 'closed' } }])
  })
})

test('a topic has one listener, who may stop', async () => {
  const { bench, ann, bob } = await pair()
  const stop = bob.peerMessages.receive(TOPIC, () => undefined)
  expect(bob.peerMessages.receive(TOPIC, () => undefined)).toBeUndefined()
  stop?.()
  expect(bob.peerMessages.receive(TOPIC, () => undefined)).toBeDefined()
  const { outcomes } = send(ann, 'bob', Uint8Array.of(1))
  bench.pass(50)
  expect(outcomes.map(({ type }) => type)).toEqual(['delivered'])
})
