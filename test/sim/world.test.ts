import { describe, expect, test } from 'vitest'
import {
  CLUSTER_NAME,
  disagreement,
  World,
  type WorldOptions,
} from '../../packages/libring/src/sim/world.ts'

describe('time that does not end, or goes back, is refused at once:', () => {
  test.each([Number.NaN, Infinity, -1, -Infinity, undefined, '5', null])('%o', (durationMs) => {
    const world = new World({ seed: 1, nodes: 1 })
    expect(() => world.runFor(durationMs as number)).toThrow(
      expect.objectContaining({ option: 'durationMs', code: 'LIBRING_OPTION_INVALID' }),
    )
    expect(() => world.runUntil(() => false, durationMs as number)).toThrow(
      expect.objectContaining({ option: 'limitMs', code: 'LIBRING_OPTION_INVALID' }),
    )
    expect(world.nowMs).toBe(0)
  })
})

test('no time at all, and a part of a millisecond, may pass', () => {
  const world = new World({ seed: 1, nodes: 0 })
  world.runFor(0)
  world.runFor(0.5)
  expect(world.nowMs).toBe(0.5)
})

describe('what makes no world is refused by name:', () => {
  test.each<[unknown, string]>([
    [null, 'options'],
    [undefined, 'options'],
    [{ seed: 1, node: 3 }, 'node'],
    [{ seed: 1, nodes: 3, latencyMs: null }, 'latencyMs'],
    [{ seed: 1, nodes: 3, logger: {} }, 'logger'],
    [{ seed: 1, nodes: 3, lossRate: Number.NaN }, 'lossRate'],
    [{ seed: 1, nodes: 3, membership: 'rumours' }, 'membership'],
    [{ seed: 1, nodes: 3, formed: 1 }, 'formed'],
    [{ seed: 1, nodes: 3, membership: { newsMs: [1, 2] } }, 'membership.detectionMs'],
  ])('%o', (options, option) => {
    expect(() => new World(options as WorldOptions)).toThrow(
      expect.objectContaining({ option, code: 'LIBRING_OPTION_INVALID' }),
    )
  })
})

test('nodes may be told of each other instead of gossiping', () => {
  const membership = { newsMs: [10, 300], detectionMs: [3_000, 6_000] } as const
  const world = new World({ seed: 1, nodes: 200, membership, cluster: { partitions: 16 } })
  world.runFor(1_000)
  expect(disagreement(world)).toBeUndefined()
  world.inject({ type: 'crash', node: 'node-7' })
  world.runFor(3_000)
  expect(disagreement(world)).toContain('holds node-7 for alive')
  world.runFor(4_000)
  expect(disagreement(world)).toBeUndefined()
  world.inject({ type: 'restart', node: 'node-7', address: 'new' })
  world.runFor(3_000)
  expect(disagreement(world)).toBeUndefined()
  expect(world.node('node-3').cluster.members).toHaveLength(200)
  expect(() => world.node('node-3').gossip).toThrow('gossip')
})

test('a logger that throws does not break the run', () => {
  const fail = (): never => {
    throw new Error('disk full')
  }
  const logger = { debug: fail, info: fail, warn: fail, error: fail }
  const world = new World({ seed: 1, nodes: 3, logger })
  world.runUntil(({ nodes }) => nodes.every((node) => node.members().length === 3), 60_000)
})

describe('what nodes send is counted', () => {
  test('over gossip, as the trace has it', () => {
    const world = new World({ seed: 1, nodes: 3, lossRate: 0.1, traceLines: 100_000 })
    world.runFor(10_000)
    const sumOf = (kind: string) => {
      const lines = world.trace.lines.filter((line) => line.split(' ')[1] === kind)
      return { count: lines.length, bytes: lines.reduce((sum, line) => sum + bytesOf(line), 0) }
    }
    const bytesOf = (line: string) => Number(line.split(' ').at(-1))
    const { datagrams, datagramBytes, streams, streamBytes, ringMessages } = world.traffic
    expect({ count: datagrams, bytes: datagramBytes }).toEqual(sumOf('send'))
    expect(streams).toBe(sumOf('dial').count)
    expect(streamBytes).toBe(sumOf('stream').bytes)
    expect([datagrams > 0, streamBytes > 0, ringMessages]).toEqual([true, true, 0])
  })

  test('without gossip, as clusters have it', () => {
    const membership = { newsMs: [10, 300], detectionMs: [3_000, 6_000] } as const
    const world = new World({ seed: 1, nodes: 5, membership, cluster: { partitions: 16 } })
    world.runFor(10_000)
    const sent = world.nodes.reduce((sum, { cluster }) => sum + cluster.stats.messagesSent, 0)
    const { datagrams, streams, ringMessages, ringMessageBytes } = world.traffic
    expect([datagrams, streams, ringMessages]).toEqual([0, 0, sent])
    expect(ringMessageBytes).toBeGreaterThan(20 * sent)
  })
})

test('nodes of a formed world know each other from the start, and have nothing to tell of it', () => {
  const options = { bootstrapHosts: [], tags: { role: 'web' } }
  const world = new World({ seed: 1, nodes: 50, formed: true, options })
  expect(disagreement(world)).toBeUndefined()
  expect(
    world
      .node('node-7')
      .members()
      .find(({ name }) => name === 'node-9')?.tags,
  ).toEqual({
    role: 'web',
  })
  world.runFor(3_000)
  const early = world.traffic
  world.runFor(10_000)
  // A ping and an answer a second, and nothing besides.
  expect((world.traffic.datagrams - early.datagrams) / 50 / 10).toBeCloseTo(2, 1)
  for (const { gossip } of world.nodes) expect(gossip.stats.swim.refutations).toBe(0)

  const newcomer = world.addNode({ bootstrapHosts: [CLUSTER_NAME] })
  expect(newcomer.members()).toHaveLength(1)
  world.runFor(5_000)
  expect(disagreement(world)).toBeUndefined()
  world.node('node-3').restart({ options: { bootstrapHosts: [CLUSTER_NAME] } })
  expect(world.node('node-3').members()).toHaveLength(1)
  world.runFor(5_000)
  expect(disagreement(world)).toBeUndefined()
})
