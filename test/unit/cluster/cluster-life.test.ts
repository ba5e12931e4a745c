import { beforeEach, describe, expect, test } from 'vitest'
import { Cluster, type StopOptions } from '../../../packages/libring/src/cluster/cluster.ts'
import { fixedMembers } from '../../../packages/libring/src/cluster/fixed-members.ts'
import type { ClusterOptions } from '../../../packages/libring/src/cluster/options.ts'
import { Deferred } from '../../../packages/libring/src/gossip/deferred.ts'
import {
  calm,
  ScriptedMembership,
  scriptedPorts,
  stateOf,
  type ScriptedPorts,
} from '../../support/cluster.ts'
import { LogBook } from '../../support/simulated-node.ts'

let ports: ScriptedPorts
let membership: ScriptedMembership

beforeEach(() => {
  ports = scriptedPorts()
  membership = new ScriptedMembership('ann')
})

function aCluster(options: ClusterOptions = {}): Cluster {
  return new Cluster({ membership, partitions: 12, redundancy: 2, ...options }, ports)
}

async function aRunningCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const cluster = aCluster(options)
  await cluster.start()
  return cluster
}

async function pass(ms: number): Promise<void> {
  ports.clock.runUntil(ports.clock.nowMs() + ms)
  await calm()
}

const namesOf = (members: readonly { readonly name: string }[]): string[] =>
  members.map(({ name }) => name)

describe('starting', () => {
  test('takes everything at once where nobody is expected', async () => {
    const cluster = await aRunningCluster()
    expect(cluster.ownerForKey('k')?.name).toBe('ann')
  })

  test('waits for others where they are expected', async () => {
    membership.expectsOthers = true
    const cluster = await aRunningCluster({ bootstrapTimeoutMs: 2_000 })
    await pass(1_999)
    expect(cluster.members).toEqual([])
    await pass(1)
    expect(namesOf(cluster.members)).toEqual(['ann'])
  })

  test('waits for ever where it must not be alone, though nobody is expected', async () => {
    const cluster = await aRunningCluster({ formAlone: false, bootstrapTimeoutMs: 2_000 })
    await pass(86_400_000)
    expect(cluster.members).toEqual([])
    membership.join('bob')
    await pass(1_000)
    expect(namesOf(cluster.members)).toEqual(['ann', 'bob'])
  })

  test('finds the others of a fixed membership at once where it must not be alone', async () => {
    const members = ['ann', 'bob'].map((name) => ({ name, host: '10.0.0.1', port: 7_946 }))
    const together = fixedMembers({ self: 'ann', members })
    const cluster = await aRunningCluster({ formAlone: false, membership: together })
    expect(namesOf(cluster.members)).toEqual(['ann', 'bob'])

    const alone = fixedMembers({ self: 'ann', members: members.slice(0, 1) })
    const waiting = await aRunningCluster({ formAlone: false, membership: alone })
    await pass(86_400_000)
    expect(waiting.members).toEqual([])
  })

  test('and everything after it goes on when the logger throws', async () => {
    const fail = (): never => {
      throw new Error('disk full')
    }
    const cluster = await aRunningCluster({
      logger: { debug: fail, info: fail, warn: fail, error: fail },
      onAcquire: fail,
    })
    cluster.on('rebalance', fail)
    membership.join('bob')
    await pass(1_000)
    expect(namesOf(cluster.members)).toEqual(['ann', 'bob'])
    const stopped = cluster.stop()
    // Index 0 was given to bob of what no handler has taken over; it is tried up to the end.
    await pass(10_000)
    await stopped
    expect(membership.calls).toEqual(['start', 'leave', 'stop'])
  })

  test('twice is starting once', async () => {
    const cluster = aCluster()
    await Promise.all([cluster.start(), cluster.start()])
    await cluster.start()
    expect(membership.calls).toEqual(['start'])
  })

  test('may be tried again after a failure', async () => {
    membership.onStart = () => Promise.reject(new Error('taken'))
    const cluster = aCluster()
    await expect(cluster.start()).rejects.toThrow('taken')
    expect(membership.listenerCount).toBe(0)
    membership.onStart = () => Promise.resolve()
    await cluster.start()
    expect(cluster.members).toHaveLength(1)
    await cluster.stop()
    expect(membership.calls).toEqual(['start', 'start', 'leave', 'stop'])
  })

  test('is refused once stopped', async () => {
    const cluster = aCluster()
    await cluster.stop()
    await expect(cluster.start()).rejects.toMatchObject({ code: 'LIBRING_CLOSED' })
    await expect(cluster.setTags({})).rejects.toMatchObject({ code: 'LIBRING_CLOSED' })
    await expect(cluster.run()).rejects.toMatchObject({ code: 'LIBRING_CLOSED' })
  })

  test('hears of members that came while it opened', async () => {
    const opened = new Deferred<void>()
    membership.onStart = () => opened.promise
    const cluster = aCluster()
    const started = cluster.start()
    membership.join('bob')
    opened.resolve()
    await started
    expect(namesOf(cluster.members)).toEqual(['ann', 'bob'])
  })
})

describe('stopping', () => {
  test('releases everything, waits for the handlers, leaves, and frees everything', async () => {
    const order: string[] = []
    const work = new Deferred<void>()
    membership.onLeave = () => Promise.resolve(void order.push('leave'))
    const cluster = await aRunningCluster({
      partitions: 2,
      onRelease: async ({ partition }) => {
        await work.promise
        order.push(`release ${partition}`)
      },
    })
    const stopped = cluster.stop()
    expect(await stateOf(stopped)).toBe('pending')
    work.resolve()
    await stopped
    expect(order).toEqual(['release 0', 'release 1', 'leave'])
    expect(membership.calls).toEqual(['start', 'leave', 'stop'])
    expect([membership.listenerCount, ports.clock.pending]).toEqual([0, 0])
  })

  test('does not wait longer than the time to let go', async () => {
    const cluster = await aRunningCluster({
      partitions: 1,
      releaseTimeoutMs: 3_000,
      onRelease: () => new Promise(() => {}),
    })
    const overdue: string[] = []
    cluster.on('handler-overdue', ({ event }) => overdue.push(event.type))
    const stopped = cluster.stop()
    await pass(2_999)
    expect(await stateOf(stopped)).toBe('pending')
    await pass(1)
    expect([await stateOf(stopped), overdue, cluster.stats.handlersOverdue]).toEqual([
      'resolved',
      ['release'],
      1,
    ])
  })

  test('calls off handlers that take over', async () => {
    let signal: AbortSignal | undefined
    const cluster = await aRunningCluster({
      partitions: 1,
      onAcquire: (event) => {
        signal = event.signal
        return new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()))
      },
    })
    await calm()
    await cluster.stop()
    expect(signal?.aborted).toBe(true)
  })

  test('waits for open iterators where there are no handlers', async () => {
    const cluster = await aRunningCluster({ partitions: 1 })
    const reader = cluster.events[Symbol.asyncIterator]()
    await reader.next()
    const stopped = cluster.stop()
    expect(await stateOf(stopped)).toBe('pending')
    expect((await reader.next()).value?.type).toBe('release')
    expect(await stateOf(stopped)).toBe('pending')
    expect(await reader.next()).toEqual({ done: true, value: undefined })
    expect(await stateOf(stopped)).toBe('resolved')
  })

  test('waits for an iterator that nobody reads only as long as for a handler', async () => {
    const cluster = await aRunningCluster({ partitions: 1 })
    cluster.events[Symbol.asyncIterator]()
    const stopped = cluster.stop()
    await pass(10_000)
    expect(await stateOf(stopped)).toBe('resolved')
  })

  test('goes on where the farewell fails', async () => {
    const logger = new LogBook()
    membership.onLeave = () => Promise.reject(new Error('nobody heard'))
    const cluster = await aRunningCluster({ logger })
    await cluster.stop()
    expect([membership.calls.at(-1), logger.messages('warn')]).toEqual([
      'stop',
      ['farewell failed'],
    ])
  })

  test('is told that the membership could not be stopped', async () => {
    membership.onStop = () => Promise.reject(new Error('stuck'))
    const cluster = await aRunningCluster()
    await expect(cluster.stop()).rejects.toThrow('stuck')
    expect([cluster.members, membership.listenerCount]).toEqual([[], 0])
  })

  test('a cluster that never started leaves its membership alone', async () => {
    await aCluster().stop()
    expect(membership.calls).toEqual([])
  })

  test('while it starts ends the start', async () => {
    const opened = new Deferred<void>()
    membership.onStart = () => opened.promise
    const cluster = aCluster()
    const started = cluster.start()
    await cluster.stop()
    opened.resolve()
    expect(await stateOf(started)).toBe('LIBRING_CLOSED')
    expect([membership.calls, cluster.members]).toEqual([['start', 'leave', 'stop'], []])
  })

  describe('in order to return', () => {
    /** What it says of itself is spread once `spread` is. */
    function announcing(spread: Promise<void>): void {
      membership.ringChannel = {
        tags: {},
        announce: async (text) => {
          membership.calls.push(`says ${text?.split(',')[2]}`)
          if (membership.calls.includes('start')) await spread
        },
        send() {},
        receive: () => () => {},
        exchange() {},
        exchangeWithAny() {},
      }
    }

    test('says so, and leaves once that has been spread', async () => {
      const spread = new Deferred<void>()
      announcing(spread.promise)
      const cluster = await aRunningCluster()
      const before = membership.calls.length
      const stopped = cluster.stop({ returning: true })
      expect(await stateOf(stopped)).toBe('pending')
      expect(membership.calls.slice(before)).toEqual(['says r'])
      spread.resolve()
      expect(await stateOf(stopped)).toBe('resolved')
      expect(membership.calls.slice(before)).toEqual(['says r', 'leave', 'stop'])
    })

    test('does not wait for the news where it is given up beforehand', async () => {
      announcing(new Promise(() => {}))
      const cluster = await aRunningCluster()
      const stopped = cluster.stop({ returning: true, signal: AbortSignal.abort() })
      expect(await stateOf(stopped)).toBe('resolved')
      expect(membership.calls.at(-1)).toBe('stop')
    })

    test('is for true or false', async () => {
      const wrong: unknown = { returning: 'yes' }
      await expect(aCluster().stop(wrong as StopOptions)).rejects.toMatchObject({
        option: 'returning',
      })
    })
  })

  test('at once gives up on handlers and farewell', async () => {
    membership.onLeave = () => new Promise(() => {})
    const giveUp = new AbortController()
    const cluster = await aRunningCluster({ onRelease: () => new Promise(() => {}) })
    const stopped = cluster.stop()
    await calm()
    const hurried = cluster.stop({ signal: giveUp.signal })
    expect(await stateOf(hurried)).toBe('pending')
    giveUp.abort()
    expect([await stateOf(stopped), await stateOf(hurried)]).toEqual(['resolved', 'resolved'])
    expect([membership.calls.at(-1), ports.clock.pending]).toEqual(['stop', 0])
  })

  test('that is given up beforehand does not wait at all', async () => {
    const cluster = await aRunningCluster({ onRelease: () => new Promise(() => {}) })
    expect(await stateOf(cluster.stop({ signal: AbortSignal.abort() }))).toBe('resolved')
    expect(membership.calls).toEqual(['start', 'stop'])
  })

  test('is what disposing does', async () => {
    {
      await using cluster = aCluster()
      await cluster.start()
    }
    expect(membership.calls).toEqual(['start', 'leave', 'stop'])
  })

  test('in any order with anything, twice and at once, comes to the same end', async () => {
    for (let order = 0; order < 32; order++) {
      membership = new ScriptedMembership('ann')
      const cluster = aCluster()
      const acts = [
        () => cluster.start(),
        () => cluster.stop(),
        () => cluster.setTags({}),
        () => cluster[Symbol.asyncDispose](),
        () => cluster.run({ signal: AbortSignal.abort() }),
      ]
      const states = acts.map(async (_, i) => {
        if ((order & (1 << i)) !== 0) await calm()
        return stateOf(acts[(i + order) % acts.length]!())
      })
      for (const state of await Promise.all(states)) {
        expect(['resolved', 'pending', 'LIBRING_CLOSED']).toContain(state)
      }
      await cluster.stop()
      expect([cluster.members, membership.listenerCount]).toEqual([[], 0])
      expect(ports.clock.pending).toBe(0)
    }
  })
})

describe('a membership that is shared', () => {
  test('is ended by the last cluster', async () => {
    const [first, second] = [await aRunningCluster(), await aRunningCluster({ name: 'rooms' })]
    await first.stop()
    expect(membership.calls).toEqual(['start', 'start'])
    expect(second.members).toHaveLength(1)
    await second.stop()
    expect(membership.calls).toEqual(['start', 'start', 'leave', 'stop'])
  })

  test('carries each ring once', async () => {
    await using _ = await aRunningCluster({ name: 'rooms' })
    await expect(aCluster({ name: 'rooms' }).start()).rejects.toMatchObject({
      code: 'LIBRING_OPTION_INVALID',
      message: 'name must be another than that of a ring on the same node, got "rooms"',
    })
  })

  test('is left to whoever started it before', async () => {
    await membership.start()
    const cluster = await aRunningCluster()
    await cluster.stop()
    expect(membership.calls).toEqual(['start', 'start'])
  })
})

describe('a run', () => {
  test('lasts until it is aborted, and then leaves in order', async () => {
    const end = new AbortController()
    const cluster = aCluster()
    const run = cluster.run({ signal: end.signal })
    expect(await stateOf(run)).toBe('pending')
    expect(cluster.members).toHaveLength(1)
    end.abort()
    await run
    expect(membership.calls).toEqual(['start', 'leave', 'stop'])
  })

  test('is ended by a signal, which is caught only while it lasts', async () => {
    const run = aCluster().run()
    await calm()
    expect(ports.signals.watched).toEqual(['SIGTERM', 'SIGINT'])
    ports.signals.send('SIGTERM')
    await run
    expect(ports.signals.watched).toEqual([])
    expect(membership.calls).toEqual(['start', 'leave', 'stop'])
  })

  test('is ended at once by a second signal', async () => {
    const run = aCluster({ onRelease: () => new Promise(() => {}) }).run({ signals: ['SIGHUP'] })
    await calm()
    ports.signals.send('SIGHUP')
    expect(await stateOf(run)).toBe('pending')
    ports.signals.send('SIGHUP')
    expect([await stateOf(run), membership.calls]).toEqual(['resolved', ['start', 'stop']])
  })

  test('is ended by a stop', async () => {
    const cluster = aCluster()
    const run = cluster.run()
    await calm()
    await cluster.stop()
    await run
    expect(ports.signals.watched).toEqual([])
  })

  test('that is aborted beforehand does not start', async () => {
    await aCluster().run({ signal: AbortSignal.abort() })
    expect(membership.calls).toEqual([])
  })

  test('that cannot start says so, and has freed everything', async () => {
    membership.onStart = () => Promise.reject(new Error('taken'))
    await expect(aCluster().run()).rejects.toThrow('taken')
    expect([membership.listenerCount, ports.signals.watched]).toEqual([0, []])
  })

  test('that is ended while it starts does not wait for that', async () => {
    membership.onStart = () => new Promise(() => {})
    const run = aCluster().run()
    await calm()
    ports.signals.send('SIGINT')
    await run
    expect(membership.calls).toEqual(['start', 'leave', 'stop'])
  })
})

describe('an argument that cannot be meant is refused by name:', () => {
  const refusal = (option: string) =>
    expect.objectContaining({ option, code: 'LIBRING_OPTION_INVALID' })

  test.each<[options: unknown, option: string]>([
    [null, 'options'],
    ['SIGTERM', 'options'],
    [{ signals: 'SIGTERM' }, 'signals'],
    [{ signals: null }, 'signals'],
    [{ signals: [15] }, 'signals[0]'],
    [{ signal: {} }, 'signal'],
    [{ signal: 'SIGTERM' }, 'signal'],
    [{ sginal: AbortSignal.abort() }, 'sginal'],
  ])('of run, %o', async (options, option) => {
    const cluster = aCluster()
    await expect(cluster.run(options as object)).rejects.toThrow(refusal(option))
    expect(membership.calls).toEqual([])
  })

  test.each<[options: unknown, option: string]>([
    [null, 'options'],
    [5, 'options'],
    [AbortSignal.abort(), 'options'],
    [{ signal: {} }, 'signal'],
    [{ signal: null }, 'signal'],
    [{ timeoutMs: 5 }, 'timeoutMs'],
  ])('of stop, %o, and the cluster goes on', async (options, option) => {
    const cluster = await aRunningCluster()
    await expect(cluster.stop(options as object)).rejects.toThrow(refusal(option))
    expect(membership.calls).toEqual(['start'])
  })

  test('a listener that is no function', () => {
    const listen = (listener: unknown) => () => aCluster().on('acquire', listener as () => void)
    for (const listener of [undefined, null, 'log', {}]) {
      expect(listen(listener)).toThrow(refusal('listener'))
    }
  })

  test('a key that is neither text nor bytes, before there is any member', () => {
    expect(() => aCluster().ownerForKey(5 as unknown as string)).toThrow(refusal('key'))
  })
})
