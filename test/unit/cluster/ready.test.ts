import { beforeEach, describe, expect, test } from 'vitest'
import { Cluster } from '../../../packages/libring/src/cluster/cluster.ts'
import {
  calm,
  ScriptedMembership,
  scriptedPorts,
  stateOf,
  type ScriptedPorts,
} from '../../support/cluster.ts'

let ports: ScriptedPorts
let membership: ScriptedMembership
let cluster: Cluster

beforeEach(() => {
  ports = scriptedPorts()
  membership = new ScriptedMembership('ann')
  cluster = new Cluster({ membership, partitions: 12, redundancy: 2 }, ports)
})

async function pass(ms: number): Promise<void> {
  ports.clock.runUntil(ports.clock.nowMs() + ms)
  await calm()
}

describe('a cluster is ready', () => {
  test('at once, where its ring is as it has to be', async () => {
    await cluster.start()
    await cluster.ready()
  })

  test('when the ring has as many members as are wanted', async () => {
    const ready = cluster.ready({ members: 2 })
    await cluster.start()
    await pass(60_000)
    expect(await stateOf(ready)).toBe('pending')
    membership.join('bob')
    await pass(1_000)
    expect(await stateOf(ready)).toBe('resolved')
  })

  test('when the ring has been the same for as long as is wanted', async () => {
    await cluster.start()
    const ready = cluster.ready({ stableForMs: 5_000 })
    await pass(3_000)
    membership.join('bob')
    await pass(5_999)
    expect(await stateOf(ready)).toBe('pending')
    await pass(1)
    expect(await stateOf(ready)).toBe('resolved')
  })

  test('never, once it is stopped; nor for whoever gives up', async () => {
    const end = new AbortController()
    const given = cluster.ready({ members: 2, signal: end.signal })
    const waiting = cluster.ready({ members: 2 })
    end.abort(new Error('enough'))
    await expect(given).rejects.toThrow('enough')
    await cluster.stop()
    expect(await stateOf(waiting)).toBe('LIBRING_CLOSED')
    expect(await stateOf(cluster.ready())).toBe('LIBRING_CLOSED')
  })

  test('leaves no timer and no listener behind', async () => {
    await cluster.start()
    const end = new AbortController()
    const ready = cluster.ready({ stableForMs: 86_400_000, signal: end.signal })
    const before = ports.clock.pending
    end.abort(new Error('enough'))
    expect(await stateOf(ready)).toBe('Error: enough')
    expect(ports.clock.pending).toBe(before - 1)
  })

  test.each([
    ['members', { members: 0 }, 'members must be a whole number from 1 to 65536, got 0'],
    ['time', { stableForMs: -1 }, 'stableForMs must be a whole number from 0 to 86400000, got -1'],
  ])('refuses %s out of range', async (_, options, message) => {
    await expect(cluster.ready(options)).rejects.toThrow(message)
    await cluster.stop()
  })
})

describe('a key is explained', () => {
  test('by who holds it, since when, because of whom, and what we are to it', async () => {
    await cluster.start()
    const startedMs = ports.clock.wallMs()
    const partition = cluster.partitionForKey('k')
    expect(cluster.explain('k')).toMatchObject({
      partition,
      acting: 'ann',
      home: 'ann',
      moves: [],
      sinceMs: undefined,
      local: { replica: 0, isReady: true, isServing: true },
    })
    membership.join('bob')
    await pass(1_000)
    const told = cluster.explain('k')
    const names = told.holders.map(({ name }) => name)
    expect(names).toEqual(cluster.holdersForKey('k').map(({ name }) => name))
    expect(told.moves.map(({ from, to }) => [from, to])).toEqual([[['ann'], names]])
    expect(told.sinceMs).toBe(startedMs + 1_000)
    expect(told.cause.map(({ type }) => type)).toEqual(['member-join'])
    expect(told.local?.replica).toBe(names.indexOf('ann'))
  })

  test('by the latest 16 views only', async () => {
    await cluster.start()
    for (let i = 0; i < 30; i++) {
      if (i % 2 === 0) membership.join('bob')
      else membership.fail('bob')
      await pass(1_000)
    }
    expect(cluster.explain('k').moves.length).toBe(15)
  })
})
