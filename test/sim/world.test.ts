import { describe, expect, test } from 'vitest'
import { disagreement, World, type WorldOptions } from '../../packages/libring/src/sim/world.ts'

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
