import { describe, expect, test } from 'vitest'
import { disagreement, TRACE_LEGEND, World, type Fault } from 'libring/sim'

const agreed = (world: World) => disagreement(world) === undefined

/** A world of nodes that have found each other. */
function settled(nodes: number, seed = 1): World {
  const world = new World({ seed, nodes, traceLines: 100_000 })
  world.runUntil(agreed, 20_000)
  return world
}

/** What the nodes that are up hold `name` for. */
function statusesOf(world: World, name: string): Set<string> {
  const seen = world.nodes
    .filter((node) => node.isUp && node.name !== name)
    .map((node) => node.members().find((member) => member.name === name)?.status ?? 'unknown')
  return new Set(seen)
}

const EVERY_FAULT: readonly Fault[] = [
  { type: 'split', groups: [['node-0'], ['node-1', 'node-2']] },
  { type: 'cut', from: ['node-0'], to: ['node-3'] },
  { type: 'loss', to: ['node-1'], rate: 0.4 },
  { type: 'duplicates', rate: 0.2 },
  { type: 'latency', from: ['node-2'], latencyMs: [50, 900] },
  { type: 'slow-streams', bytesPerSecond: 2_000 },
  { type: 'mend', from: ['node-0'] },
  { type: 'heal' },
  { type: 'pause', node: 'node-4' },
  { type: 'skew', node: 'node-4', skewMs: -90_000 },
  { type: 'resume', node: 'node-4' },
  { type: 'crash', node: 'node-2' },
  { type: 'restart', node: 'node-2', address: 'same' },
  { type: 'restart', node: 'node-3', address: 'new' },
]

test('every fault is in the trace, in words of its legend, and is the same from the same seed', () => {
  const run = () => {
    const world = settled(5)
    for (const fault of EVERY_FAULT) {
      world.inject(JSON.parse(JSON.stringify(fault)) as Fault)
      world.runFor(3_000)
    }
    return world
  }
  const { trace } = run()
  const kinds = trace.lines.map((line) => line.split(' ')[1]!)
  expect(kinds.filter((kind) => !Object.hasOwn(TRACE_LEGEND, kind))).toEqual([])
  for (const { type } of EVERY_FAULT) {
    if (type !== 'restart') expect(kinds).toContain(type)
  }
  const texts = trace.lines.map((line) => line.replace(/^\S+ /, ''))
  expect(texts).toEqual(
    expect.arrayContaining([
      'split node-0 | node-1 node-2',
      'cut node-0 > node-3',
      'loss node-0 node-1 node-2 node-3 node-4 > node-1 0.4',
      'latency node-2 > node-0 node-1 node-2 node-3 node-4 50 900',
      'skew node-4 -90000',
    ]),
  )
  expect(run().trace.digest).toBe(trace.digest)
})

describe('what is no fault is refused by name:', () => {
  test.each<[unknown, string]>([
    [undefined, 'fault'],
    [{ type: 'meteor' }, 'type'],
    [{ type: 'heal', node: 'node-0' }, 'node'],
    [{ type: 'split', groups: 'node-0' }, 'groups'],
    [{ type: 'split', groups: [['node-9']] }, 'groups'],
    [{ type: 'cut', from: ['node-9'] }, 'from'],
    [{ type: 'cut', to: 'node-0' }, 'to'],
    [{ type: 'loss', rate: 1.5 }, 'rate'],
    [{ type: 'duplicates' }, 'rate'],
    [{ type: 'latency', latencyMs: [5, 1] }, 'latencyMs'],
    [{ type: 'latency', latencyMs: [5, Infinity] }, 'latencyMs'],
    [{ type: 'slow-streams', bytesPerSecond: 0 }, 'bytesPerSecond'],
    [{ type: 'skew', node: 'node-0', skewMs: Number.NaN }, 'skewMs'],
    [{ type: 'pause', node: 'node-9' }, 'node'],
    [{ type: 'restart', node: 'node-0', address: 'other' }, 'address'],
  ])('%o', (fault, option) => {
    const world = new World({ seed: 1, nodes: 2 })
    expect(() => world.inject(fault as Fault)).toThrow(
      expect.objectContaining({ option, code: 'LIBRING_OPTION_INVALID' }),
    )
  })
})

test('a member that is paused is held for failed, and comes back when it goes on', () => {
  const world = settled(5)
  world.inject({ type: 'pause', node: 'node-3' })
  const before = JSON.stringify(world.node('node-3').members())
  world.runFor(60_000)
  expect(statusesOf(world, 'node-3')).toEqual(new Set(['failed']))
  expect(JSON.stringify(world.node('node-3').members())).toBe(before)
  world.inject({ type: 'resume', node: 'node-3' })
  world.runUntil(agreed, 60_000)
})

test('a pause shorter than the time to notice it is noticed by nobody', () => {
  const world = settled(5)
  const troubles: string[] = []
  for (const { gossip } of world.nodes) gossip.subscribe(({ type }) => void troubles.push(type))
  world.inject({ type: 'pause', node: 'node-3' })
  world.runFor(1_500)
  world.inject({ type: 'resume', node: 'node-3' })
  world.runFor(60_000)
  expect(troubles).toEqual([])
})

test('a paused member can be killed, and runs again', () => {
  const world = settled(4)
  world.inject({ type: 'pause', node: 'node-1' })
  world.runFor(1_000)
  world.inject({ type: 'restart', node: 'node-1', address: 'new' })
  expect([world.node('node-1').isPaused, world.node('node-1').isUp]).toEqual([false, true])
  world.runUntil(agreed, 120_000)
})

test('a cut that is one way, between two of many, is healed by those in between', () => {
  const world = settled(10)
  world.inject({ type: 'cut', from: ['node-1'], to: ['node-2'] })
  world.runFor(60_000)
  expect(disagreement(world)).toBeUndefined()
})

test('links that are cut one by one can be mended in another order', () => {
  const world = settled(3)
  const pairs = [
    ['node-0', 'node-1'],
    ['node-1', 'node-2'],
    ['node-2', 'node-0'],
  ] as const
  const isCut = () =>
    pairs.map(([from, to]) => world.conditions(world.node(from), world.node(to)).isCut)
  for (const [from, to] of pairs) world.inject({ type: 'cut', from: [from], to: [to] })
  expect(isCut()).toEqual([true, true, true])
  world.inject({ type: 'mend', from: ['node-2'], to: ['node-0'] })
  expect(isCut()).toEqual([true, true, false])
  world.inject({ type: 'mend', from: ['node-0'], to: ['node-1'] })
  expect(isCut()).toEqual([false, true, false])
})

test('members on a network that is bad in every way find each other all the same', () => {
  const world = new World({ seed: 5, nodes: 10 })
  world.inject({ type: 'loss', rate: 0.25 })
  world.inject({ type: 'duplicates', rate: 0.25 })
  world.inject({ type: 'latency', latencyMs: [1, 400] })
  world.inject({ type: 'slow-streams', bytesPerSecond: 5_000 })
  world.runUntil(agreed, 120_000)
})
