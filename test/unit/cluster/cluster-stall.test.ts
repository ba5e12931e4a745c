import { beforeEach, describe, expect, test } from 'vitest'
import type { OwnershipEvent } from '../../../packages/libring/src/ownership/event.ts'
import { Cluster } from '../../../packages/libring/src/cluster/cluster.ts'
import type { ClusterOptions } from '../../../packages/libring/src/cluster/options.ts'
import { calm, ScriptedMembership, scriptedPorts, stateOf } from '../../support/cluster.ts'
import { ChannelledMembership } from '../../support/ring-channel.ts'
import { StallingClock } from '../../support/stalling-clock.ts'

// One member that is alone, and whose process is stopped for longer than others would wait. It
// tries to reach somebody; the test says whether anybody answers.

let clock: StallingClock
let membership: ChannelledMembership
let told: string[]

beforeEach(() => {
  clock = new StallingClock()
  membership = new ChannelledMembership('ann')
  membership.expectsOthers = true
  membership.deathMs = 5_000
  told = []
})

async function aRunningCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const cluster = new Cluster(
    { membership, partitions: 4, redundancy: 1, bootstrapTimeoutMs: 10_000, ...options },
    { ...scriptedPorts(), clock },
  )
  for (const type of ['acquire', 'release', 'change'] as const) {
    cluster.on(type, (event) => told.push(`${event.type} ${event.partition}`))
  }
  await cluster.start()
  await pass(10_000)
  return cluster
}

async function pass(ms: number): Promise<void> {
  clock.pass(ms)
  await calm()
}

const stall = (): void => clock.stall({ nowMs: 60_000, wallMs: 60_000 })

/** Somebody answers what was tried last. */
async function reach(): Promise<void> {
  membership.ringChannel.contacts.at(-1)!(true)
  await calm()
}

const nameOf = ({ type, partition }: OwnershipEvent): string => `${type} ${partition}`
const all = (what: string): string[] => [0, 1, 2, 3].map((partition) => `${what} ${partition}`)

describe('what was held when the process was stopped', () => {
  test('is not valid from the first instruction on, before anything is told', async () => {
    const cluster = await aRunningCluster()
    const held = cluster.held(2)!
    const { signal } = held
    expect([held.valid, signal.aborted]).toEqual([true, false])
    stall()
    expect([held.valid, signal.aborted]).toEqual([false, false])
    expect(cluster.stats.stalls).toBe(0)
  })

  test('has ended before anything that comes is told, be it due or heard', async () => {
    const cluster = await aRunningCluster()
    const held = cluster.held(2)!
    const seen: unknown[] = []
    held.signal.addEventListener('abort', () => seen.push(membership.ringChannel.contacts.length))
    cluster.on('member', () => seen.push(held.signal.aborted))
    stall()
    membership.join('bob')
    expect(seen).toEqual([0, true])
    expect(String(held.signal.reason)).toBe('AbortError: the process was stopped for too long')
    expect(cluster.held(2)).toBeUndefined()
  })

  test('has ended by a timer where nothing comes, told with how long it was', async () => {
    const cluster = await aRunningCluster()
    const stalls: number[] = []
    cluster.on('stalled', ({ durationMs }) => stalls.push(durationMs))
    const held = cluster.held(2)!
    stall()
    await pass(1_000)
    expect([held.signal.aborted, cluster.stats.stalls]).toEqual([true, 1])
    expect(stalls).toHaveLength(1)
    expect(stalls[0]).toBeGreaterThanOrEqual(60_000)
    expect(stalls[0]).toBeLessThan(61_000)
  })

  test('goes on where the process was stopped for a moment, or its wall clock set back', async () => {
    const cluster = await aRunningCluster()
    const held = cluster.held(2)!
    clock.stall({ nowMs: 3_000, wallMs: 3_000 })
    await pass(1_000)
    clock.stall({ nowMs: 0, wallMs: -3_600_000 })
    await pass(100_000)
    expect([held.valid, held.signal.aborted, cluster.stats.stalls]).toEqual([true, false, 0])
  })

  test('is let go once somebody was reached, and taken anew under a higher token', async () => {
    const cluster = await aRunningCluster()
    const before = [0, 1, 2, 3].map((partition) => cluster.held(partition)!)
    told.length = 0
    stall()
    await pass(9_000)
    expect([told, membership.ringChannel.contacts.length]).toEqual([[], 9])
    await reach()
    expect(told.toSorted()).toEqual([...all('acquire'), ...all('release')])
    for (const [partition, { token, valid }] of before.entries()) {
      const now = cluster.held(partition)!
      expect([valid, now.valid, now.token > token]).toEqual([false, true, true])
    }
  })

  test('and so it is where nobody answers for bootstrapTimeoutMs', async () => {
    const cluster = await aRunningCluster()
    told.length = 0
    stall()
    await pass(1_000)
    membership.ringChannel.contacts.at(-1)!(false)
    await pass(8_900)
    expect(told).toEqual([])
    await pass(1_000)
    expect(told).toHaveLength(8)
    expect(cluster.held(0)!.valid).toBe(true)
  })
})

describe('until it is known how things stand', () => {
  test('no handler is started, though one waits for its turn or is to be tried again', async () => {
    const calls: string[] = []
    const begun: (() => void)[] = []
    await aRunningCluster({
      onAcquire({ partition }) {
        calls.push(`acquire ${partition}`)
        if (partition === 0) throw new Error('not yet')
        if (partition === 1) return new Promise<void>((resolve) => begun.push(resolve))
        return undefined
      },
      onRelease({ partition }) {
        calls.push(`release ${partition}`)
      },
    })
    expect(new Set(calls)).toEqual(new Set(all('acquire')))
    calls.length = 0
    stall()
    for (const done of begun) done()
    await pass(9_000)
    expect(calls).toEqual([])
    await reach()
    expect(calls.filter((call) => call.startsWith('release')).toSorted()).toEqual(all('release'))
    // The one that was to be tried again was called off before it began.
    expect(calls.indexOf('release 0')).toBeLessThan(calls.indexOf('acquire 0'))
  })

  test('no reader is given anything, and then what has become of it', async () => {
    const cluster = await aRunningCluster()
    const reader = cluster.events[Symbol.asyncIterator]()
    expect(nameOf((await reader.next()).value)).toBe('acquire 0')
    stall()
    const next = reader.next()
    expect(await stateOf(next)).toBe('pending')
    await pass(9_000)
    expect(await stateOf(next)).toBe('pending')
    await reach()
    // The acquires that it had not asked for have folded with what followed.
    const names = [nameOf((await next).value)]
    for (let i = 0; i < 4; i++) names.push(nameOf((await reader.next()).value))
    expect(names.toSorted()).toEqual([...all('acquire'), 'release 0'])
  })

  test('no task is begun; those at work are told to end, and work anew under a new token', async () => {
    const cluster = await aRunningCluster()
    const tokens: (bigint | undefined)[] = []
    const ended: boolean[] = []
    void cluster.runPartitions(async (partition, { signal, token, held }) => {
      if (partition !== 3) return
      tokens.push(token)
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      ended.push(held!.valid)
    })
    await calm()
    expect(tokens).toHaveLength(1)
    stall()
    await pass(9_000)
    expect([tokens.length, ended]).toEqual([1, [false]])
    await reach()
    expect(tokens).toHaveLength(2)
    expect(tokens[1]!).toBeGreaterThan(tokens[0]!)
  })

  test('a stop ends it all', async () => {
    const released: number[] = []
    const cluster = await aRunningCluster({
      onRelease: ({ partition }) => void released.push(partition),
    })
    stall()
    await pass(1_000)
    expect(await stateOf(cluster.stop())).toBe('resolved')
    expect(new Set(released)).toEqual(new Set([0, 1, 2, 3]))
    expect(clock.pending).toBe(0)
  })
})

test('where members cannot be reached at all, nobody is waited for', async () => {
  const apart = new ScriptedMembership('ann')
  apart.deathMs = 5_000
  await aRunningCluster({ membership: apart })
  told.length = 0
  stall()
  await pass(1_000)
  expect(told).toHaveLength(8)
})

test('what was held has ended with the stop of the cluster', async () => {
  const cluster = await aRunningCluster()
  const held = cluster.held(0)!
  const { signal } = held
  const stopped = cluster.stop()
  expect([held.valid, signal.aborted]).toEqual([false, true])
  await stopped
  expect(cluster.held(0)).toBeUndefined()
})
