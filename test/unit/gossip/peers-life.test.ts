import { describe, expect, test } from 'vitest'
import { utf8Encode } from '../../../packages/libring/src/base/bytes.ts'
import type { PeerError } from '../../../packages/libring/src/base/errors.ts'
import type { GossipNode } from '../../../packages/libring/src/gossip/gossip-node.ts'
import { pair, peersOf, piecesOf, tags, text, third, turn } from '../../support/peer-nodes.ts'

describe('the deadline', () => {
  test('leaves no timer behind once all is answered', async () => {
    const { bench, ann, bob } = await pair()
    bob.peers.serve('jobs', () => {})
    const asked = ann.peers.request('bob', 'jobs', undefined, { deadlineMs: 3_600_000 })
    await bench.settled(asked.then(text))
    await Promise.all([ann.stop(), bob.stop()])
    bench.pass(60_000)
    expect(bench.clock.pending).toBe(0)
  })

  test('ends a request that is not answered, at both ends', async () => {
    const { bench, ann, bob } = await pair()
    const aborted: unknown[] = []
    bob.peers.serve('jobs', ({ signal }) => {
      return new Promise(() => {
        signal.addEventListener('abort', () => aborted.push(signal.reason))
      })
    })
    const asked = ann.peers.request('bob', 'jobs', undefined, { deadlineMs: 300 })
    await expect(bench.settled(asked)).rejects.toMatchObject({
      code: 'LIBRING_PEER_TIMEOUT',
      message: 'the request "jobs" to bob was not answered in full within 300 ms',
    })
    bench.pass(100)
    expect(aborted).toHaveLength(1)
    expect([peersOf(ann).timedOut, peersOf(bob).served]).toEqual([1, 1])
  })

  test('holds for reading the reply too', async () => {
    const { bench, ann, bob } = await pair()
    bob.peers.serve('jobs', () => new Uint8Array(10))
    const asked = ann.peers.request('bob', 'jobs', undefined, { deadlineMs: 300 })
    const reply = await bench.settled(asked)
    bench.pass(300)
    await expect(bench.settled(reply.bytes())).rejects.toMatchObject({
      code: 'LIBRING_PEER_TIMEOUT',
    })
  })

  test('is not waited for once the connection is lost', async () => {
    const { bench, ann, bob } = await pair()
    const aborted: unknown[] = []
    bob.peers.serve('jobs', ({ signal }) => {
      return new Promise(() => {
        signal.addEventListener('abort', () => aborted.push(signal.reason))
      })
    })
    const asked = ann.peers.request('bob', 'jobs', undefined, { deadlineMs: 1_000 })
    asked.catch(() => {})
    bench.pass(100)
    bench.network.split([['10.0.0.1'], ['10.0.0.2']])
    bench.network.heal()
    bench.pass(2_000)
    expect(aborted).toHaveLength(1)
    await expect(asked).rejects.toMatchObject({ code: 'LIBRING_PEER_FAILED' })
  })

  test.each([0, 3_600_001, 1.5])('cannot be %d', async (deadlineMs) => {
    const { ann } = await pair()
    await expect(ann.peers.request('bob', 'jobs', undefined, { deadlineMs })).rejects.toMatchObject(
      {
        option: 'deadlineMs',
      },
    )
  })
})

describe('an abort', () => {
  const reason = { why: 'enough' }

  test('before the request is its end', async () => {
    const { ann } = await pair()
    const signal = AbortSignal.abort(reason)
    await expect(ann.peers.request('bob', 'jobs', undefined, { signal })).rejects.toBe(reason)
    expect(peersOf(ann).dialled).toBe(0)
  })

  test('ends a request under way with its own reason, and calls the handler off', async () => {
    const { bench, ann, bob } = await pair()
    const signals: AbortSignal[] = []
    bob.peers.serve('jobs', ({ signal }) => {
      signals.push(signal)
      return new Promise(() => {})
    })
    const controller = new AbortController()
    const { signal } = controller
    const asked = ann.peers.request('bob', 'jobs', undefined, { signal })
    bench.pass(100)
    controller.abort(reason)
    await expect(asked).rejects.toBe(reason)
    bench.pass(100)
    expect(signals[0]?.reason).toMatchObject({ code: 'LIBRING_PEER_FAILED' })
  })

  test('ends a reply that is being read', async () => {
    const { bench, ann, bob } = await pair()
    bob.peers.serve('jobs', () => piecesOf(10, 60_000))
    const controller = new AbortController()
    const { signal } = controller
    const reply = await bench.settled(ann.peers.request('bob', 'jobs', undefined, { signal }))
    controller.abort(reason)
    await expect(bench.settled(reply.bytes())).rejects.toBe(reason)
  })

  test('is not listened for any longer than the request takes', async () => {
    const { bench, ann, bob } = await pair()
    bob.peers.serve('jobs', () => {})
    const { signal } = new AbortController()
    const listeners = new Set<unknown>()
    const { addEventListener, removeEventListener } = signal
    signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
      listeners.add(args[1])
      addEventListener.apply(signal, args)
    }
    signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
      listeners.delete(args[1])
      removeEventListener.apply(signal, args)
    }
    const asked = ann.peers.request('bob', 'jobs', undefined, { signal })
    expect(listeners.size).toBe(1)
    await bench.settled(asked.then(text))
    expect(listeners.size).toBe(0)
  })

  test('after the end changes nothing', async () => {
    const { bench, ann, bob } = await pair()
    bob.peers.serve('jobs', () => utf8Encode('done'))
    const controller = new AbortController()
    const { signal } = controller
    const asked = ann.peers.request('bob', 'jobs', undefined, { signal })
    expect(await bench.settled(asked.then(text))).toBe('done')
    controller.abort(reason)
    expect(peersOf(ann)).toMatchObject({ answered: 1, failed: 0 })
  })
})

describe('places', () => {
  /** A topic whose handlers wait until they are let go. */
  function hold(node: GossipNode) {
    const held: (() => void)[] = []
    node.peers.serve(
      'hold',
      () => new Promise<undefined>((resolve) => held.push(() => resolve(undefined))),
    )
    return held
  }

  test('the application has 48; the others wait, within their deadline', async () => {
    const { bench, ann, bob } = await pair()
    const held = hold(bob)
    const outcomes: string[] = []
    for (let index = 0; index < 60; index++) {
      const asked = ann.peers.request('bob', 'hold', undefined, { deadlineMs: 2_000 })
      asked.then(
        () => outcomes.push('done'),
        (error: PeerError) => outcomes.push(error.code),
      )
    }
    bench.pass(500)
    expect([held.length, peersOf(ann).dialled]).toEqual([48, 48])
    held.splice(0, 5).forEach((letGo) => letGo())
    await turn()
    bench.pass(100)
    expect(held).toHaveLength(48)
    bench.pass(2_000)
    await expect.poll(() => outcomes.length).toBe(60)
    expect(outcomes.filter((outcome) => outcome === 'done')).toHaveLength(5)
    expect(outcomes.filter((outcome) => outcome === 'LIBRING_PEER_TIMEOUT')).toHaveLength(55)
  })

  test('4,096 wait, and one more is told so', async () => {
    const { bench, ann, bob } = await pair()
    hold(bob)
    const all = Array.from({ length: 48 + 4_096 }, () => ann.peers.request('bob', 'hold'))
    for (const asked of all) asked.catch(() => {})
    await expect(bench.settled(ann.peers.request('bob', 'hold'))).rejects.toMatchObject({
      code: 'LIBRING_PEER_BUSY',
    })
    await ann.stop()
    for (const asked of all) await expect(asked).rejects.toMatchObject({ code: 'LIBRING_CLOSED' })
  })

  test('a member serves 48 of the application, whoever they come from; more are turned away', async () => {
    const both = await pair()
    const { bench, ann, bob } = both
    const cat = await third(both, { hostName: 'cat', tags })
    const held = hold(bob)
    const asked = [ann, cat].flatMap((node) =>
      Array.from({ length: 30 }, () => node.peers.request('bob', 'hold')),
    )
    const refused: string[] = []
    for (const one of asked) one.catch((error: PeerError) => refused.push(error.code))
    bench.pass(500)
    await expect.poll(() => refused).toEqual(new Array(12).fill('LIBRING_PEER_BUSY'))
    expect([held.length, peersOf(bob).refused]).toEqual([48, 12])
  })

  test('a handler that does not return keeps its place, though nobody waits for it', async () => {
    const { bench, ann, bob } = await pair()
    const held = hold(bob)
    const asked = Array.from({ length: 48 }, () =>
      ann.peers.request('bob', 'hold', undefined, { deadlineMs: 100 }),
    )
    for (const one of asked) one.catch(() => {})
    bench.pass(500)
    await expect(bench.settled(ann.peers.request('bob', 'hold'))).rejects.toMatchObject({
      code: 'LIBRING_PEER_BUSY',
    })
    held.forEach((letGo) => letGo())
    await turn()
    bob.peers.serve('ping', () => {})
    await bench.settled(ann.peers.request('bob', 'ping'))
  })
})

describe('when a node goes', () => {
  test('stopping ends its requests and calls off its handlers', async () => {
    const { bench, ann, bob } = await pair()
    const signals: AbortSignal[] = []
    bob.peers.serve('jobs', ({ signal }) => {
      signals.push(signal)
      return new Promise(() => {})
    })
    ann.peers.serve('jobs', () => new Promise(() => {}))
    const there = ann.peers.request('bob', 'jobs')
    const back = bob.peers.request('ann', 'jobs')
    there.catch(() => {})
    back.catch(() => {})
    bench.pass(100)
    await bob.stop()
    await expect(back).rejects.toMatchObject({ code: 'LIBRING_CLOSED' })
    expect(signals[0]?.reason).toMatchObject({ code: 'LIBRING_CLOSED' })
    await expect(bench.settled(there)).rejects.toMatchObject({ code: 'LIBRING_PEER_FAILED' })
    await expect(bench.settled(bob.peers.request('ann', 'jobs'))).rejects.toMatchObject({
      code: 'LIBRING_CLOSED',
    })
    await ann.stop()
    bench.pass(60_000)
    expect(bench.clock.pending).toBe(0)
  })

  test('leaving does the same, and tells those who wait', async () => {
    const { bench, ann, bob } = await pair()
    bob.peers.serve('jobs', () => new Promise(() => {}))
    const there = ann.peers.request('bob', 'jobs')
    there.catch(() => {})
    bench.pass(100)
    const leaving = bob.leave()
    await expect(bench.settled(there)).rejects.toMatchObject({
      code: 'LIBRING_PEER_FAILED',
      message: 'the request "jobs" to bob was refused (closed): the node closes',
    })
    await expect(bench.settled(bob.peers.request('ann', 'jobs'))).rejects.toMatchObject({
      code: 'LIBRING_CLOSED',
    })
    await bench.settled(leaving)
  })
})
