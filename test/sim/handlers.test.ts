import { describe, expect, test } from 'vitest'
import { World, type SimClusters, type SimNode } from 'libring/sim'

// What a user does with the simulator: own handlers, promises and all, in a cluster on virtual
// time.

const PARTITIONS = 16

/** Who holds what at the first index, by what handlers were told. */
class Ledger {
  readonly lines: string[] = []
  readonly held = new Map<string, Set<number>>()

  /** Handlers that take their time. */
  handlersOf(node: SimNode): Exclude<SimClusters, (node: SimNode) => unknown> {
    const held = new Set<number>()
    this.held.set(node.name, held)
    return {
      partitions: PARTITIONS,
      redundancy: 1,
      onAcquire: async ({ partition }) => {
        await node.sleep(100 + 10 * partition)
        held.add(partition)
        this.lines.push(`${node.clock.nowMs().toFixed(3)} ${node.name} has ${partition}`)
      },
      onRelease: async ({ partition }) => {
        await node.sleep(50)
        held.delete(partition)
        this.lines.push(`${node.clock.nowMs().toFixed(3)} ${node.name} had ${partition}`)
      },
    }
  }

  get total(): number {
    return [...this.held.values()].reduce((sum, { size }) => sum + size, 0)
  }
}

function aWorld(seed: number, nodes = 3): { world: World; ledger: Ledger } {
  const ledger = new Ledger()
  const cluster = (node: SimNode) => ledger.handlersOf(node)
  return { world: new World({ seed, nodes, cluster }), ledger }
}

describe('handlers that await', () => {
  test('are called, and go on, in virtual time', async () => {
    const { world, ledger } = aWorld(1)
    const tookMs = await world.until(() => ledger.total === PARTITIONS, 60_000)
    expect(tookMs).toBeLessThan(20_000)
    expect(world.nodes.every(({ name }) => ledger.held.get(name)!.size > 0)).toBe(true)
  })

  test('do not go on while no promise can settle', () => {
    const { world, ledger } = aWorld(1)
    world.runFor(60_000)
    expect(ledger.lines).toEqual([])
  })

  test('do the same from the same seed', async () => {
    const linesOf = async (seed: number) => {
      const { world, ledger } = aWorld(seed)
      await world.run(10_000)
      world.addNode()
      await world.run(20_000)
      world.inject({ type: 'crash', node: 'node-1' })
      await world.run(30_000)
      return [...ledger.lines, world.trace.digest]
    }
    const lines = await linesOf(3)
    expect(lines.length).toBeGreaterThan(PARTITIONS)
    expect(await linesOf(3)).toEqual(lines)
    expect(await linesOf(4)).not.toEqual(lines)
  })

  test('of a node that is paused or crashed stand still', async () => {
    const { world, ledger } = aWorld(5)
    await world.until(() => ledger.total === PARTITIONS, 60_000)
    const node = world.addNode()
    const held = ledger.held.get(node.name)!
    await world.until(() => node.cluster.stats.views > 0 && held.size > 0, 60_000)
    world.inject({ type: 'crash', node: 'node-0' })
    world.inject({ type: 'pause', node: node.name })
    const { size } = held
    await world.run(3_000)
    expect([held.size, node.isPaused]).toEqual([size, true])
    world.inject({ type: 'resume', node: node.name })
    await world.run(60_000)
    expect(held.size).toBeGreaterThan(size)
    expect(ledger.held.get('node-0')!.size).toBeGreaterThan(0)
  })
})

test('a node that stops in order hands over what it holds, and is down then', async () => {
  const { world, ledger } = aWorld(6)
  await world.until(() => ledger.total === PARTITIONS, 60_000)
  const node = world.node('node-1')
  const stopping = node.stop()
  await world.until(() => !node.isUp, 30_000)
  await stopping
  expect(ledger.held.get('node-1')!.size).toBe(0)
  await world.until(() => ledger.total === PARTITIONS, 60_000)
  expect(world.trace.lines.filter((line) => line.endsWith('node-1')).at(-1)).toMatch(/ stopped /)
  node.restart()
  await world.until(() => ledger.held.get('node-1')!.size > 0, 60_000)
})

test('every start asks anew for what runs on a node; a list makes several rings', async () => {
  let starts = 0
  const world = new World({
    seed: 7,
    nodes: 2,
    cluster: () => {
      starts++
      return [{ partitions: 8 }, { name: 'rooms', partitions: 32, redundancy: 1 }]
    },
  })
  await world.run(20_000)
  const roles = world.nodes.map(({ clusters }) => clusters.map(({ members }) => members.length))
  expect(roles).toEqual([
    [2, 2],
    [2, 2],
  ])
  world.node('node-1').restart()
  expect(starts).toBe(3)
  const alone = world.addNode({}, { partitions: 8, watchTags: { none: /./ } })
  await world.run(20_000)
  expect([starts, alone.cluster.members]).toEqual([3, []])
})

test('every step of ownership is in the trace', async () => {
  const world = new World({ seed: 8, nodes: 1, cluster: { partitions: 4, redundancy: 1 } })
  await world.run(20_000)
  const steps = world.trace.lines.filter((line) => / acquire /.test(line))
  expect(steps).toHaveLength(4)
  expect(steps[0]).toMatch(/ acquire node-0 0 0/)
})

test('a world runs once at a time', async () => {
  const { world } = aWorld(9)
  const running = world.run(1_000)
  await expect(world.run(1_000)).rejects.toThrow('the world runs already')
  await running
  await world.run(0)
  expect(world.nowMs).toBe(1_000)
})
