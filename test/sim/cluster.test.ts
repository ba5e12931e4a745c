import { describe, expect, test } from 'vitest'
import { disagreement, World, type SimNode } from 'libring/sim'

// Goal: what a cluster is for, on a network that loses, delays, doubles and reorders datagrams:
// everybody finds everybody, a crash is seen by all and by nobody else's name, a split heals.
// Method: 50 nodes, all from one seed; whatever is to happen has a limit in virtual time.
const harsh = { latencyMs: [1, 40], lossRate: 0.02, duplicateRate: 0.01 } as const
/** What gossip drops comes with a push/pull, which each begins every 30 s. */
const FORMING_MS = 60_000
const agreed = (world: World) => disagreement(world) === undefined

/** What the nodes that are up hold `node` for. */
function statusesOf(world: World, { name }: SimNode): Set<string> {
  const up = world.nodes.filter((node) => node.isUp)
  return new Set(
    up.map((node) => node.members().find((member) => member.name === name)?.status ?? 'unknown'),
  )
}

/** Where the nodes that are up believe `node` to be. */
function hostsOf(world: World, { name }: SimNode): Set<string | undefined> {
  const up = world.nodes.filter((node) => node.isUp)
  return new Set(up.map((node) => node.members().find((member) => member.name === name)?.host))
}

/** Every member event but joins, over all nodes, from now on. */
function troubles(world: World): string[] {
  const seen: string[] = []
  for (const node of world.nodes) {
    node.gossip.subscribe(({ type, members }) => {
      if (type !== 'member-join') seen.push(`${type} ${members.map(({ name }) => name).join()}`)
    })
  }
  return seen
}

describe('50 nodes', () => {
  test('find each other, and stay together in peace', () => {
    const world = new World({ seed: 1, nodes: 50, ...harsh })
    const seen = troubles(world)
    world.runUntil(agreed, FORMING_MS)
    world.runFor(120_000)
    expect(disagreement(world)).toBeUndefined()
    expect(seen).toEqual([])
  })

  test('all notice a crash, and nobody else is blamed', () => {
    const world = new World({ seed: 2, nodes: 50, ...harsh })
    world.runUntil(agreed, FORMING_MS)
    const seen = troubles(world)
    const victim = world.nodes[17]!
    victim.crash()
    world.runUntil(() => statusesOf(world, victim).has('alive') === false, 60_000)
    world.runFor(30_000)
    expect(statusesOf(world, victim)).toEqual(new Set(['failed']))
    expect(new Set(seen)).toEqual(new Set(['member-failed node-17']))
    expect(seen).toHaveLength(49)
  })

  test('take back a member that crashed and runs again, at its old address or a new one', () => {
    const world = new World({ seed: 3, nodes: 50, ...harsh })
    world.runUntil(agreed, FORMING_MS)
    const [same, moved] = [world.nodes[20]!, world.nodes[30]!]
    same.restart()
    world.runUntil(agreed, 60_000)
    moved.restart({ host: world.freshHost() })
    world.runFor(1_000)
    expect(world.nodes[0]!.members().find(({ name }) => name === moved.name)?.host).not.toBe(
      moved.host,
    )
    world.runUntil((world) => agreed(world) && hostsOf(world, moved).size === 1, 120_000)
    const known = world.nodes[0]!.members().find(({ name }) => name === moved.name)
    expect(known).toMatchObject({ status: 'alive', host: moved.host })
  })

  test('fall apart when the network is split, and together when it heals', () => {
    const world = new World({ seed: 4, nodes: 50, ...harsh })
    world.runUntil(agreed, FORMING_MS)
    const third = world.nodes.slice(0, 17)
    world.split(third)
    world.runUntil(() => {
      return (
        third.every((node) => alive(node) === 17) &&
        world.nodes.slice(17).every((node) => alive(node) === 33)
      )
    }, 180_000)
    world.heal()
    world.runUntil(agreed, 120_000)
  })

  test('a member that leaves is gone for all, as one that left', () => {
    const world = new World({ seed: 5, nodes: 50, ...harsh })
    world.runUntil(agreed, FORMING_MS)
    const leaver = world.nodes[49]!
    leaver.leave()
    world.runUntil(() => leaver.gossip.status === 'left', 20_000)
    leaver.crash()
    world.runFor(30_000)
    expect(statusesOf(world, leaver)).toEqual(new Set(['left']))
  })

  test('hear of new tags', () => {
    const world = new World({ seed: 6, nodes: 50, ...harsh })
    world.runUntil(agreed, FORMING_MS)
    void world.nodes[8]!.gossip.setTags({ ring: 'active' })
    const tagsSeenBy = (node: SimNode) =>
      node.members().find(({ name }) => name === 'node-8')?.tags['ring']
    world.runUntil(({ nodes }) => nodes.every((node) => tagsSeenBy(node) === 'active'), 20_000)
  })
})

function alive(node: SimNode): number {
  return node.members().filter(({ status }) => status === 'alive').length
}

describe('a run', () => {
  /** A short life with some of everything. */
  function digestOf(seed: number): string {
    const world = new World({ seed, nodes: 20, ...harsh })
    world.runFor(5_000)
    world.split(world.nodes.slice(0, 5))
    world.nodes[7]!.crash()
    world.runFor(20_000)
    world.heal()
    world.nodes[7]!.restart()
    world.addNode({ tags: { late: 'yes' } })
    world.runFor(20_000)
    return `${world.trace.count} ${world.trace.digest}`
  }

  test('is the same for the same seed, event by event', () => {
    expect(digestOf(11)).toBe(digestOf(11))
  })

  test('is another for another seed', () => {
    expect(digestOf(11)).not.toBe(digestOf(12))
  })

  test('tells what happened, a line an event', () => {
    const world = new World({ seed: 1, nodes: 2, traceLines: 100_000 })
    world.runFor(2_000)
    const lines = world.trace.lines
    expect(lines).toHaveLength(world.trace.count)
    expect(lines.slice(0, 3)).toEqual([
      '0.000000 start node-0 10.0.0.1',
      '0.000000 open 10.0.0.1:7946',
      '0.000000 member node-0 member-join node-0',
    ])
    expect(lines.filter((line) => / member node-0 member-join node-1$/.test(line))).toHaveLength(1)
    expect(
      lines.some((line) => /^\d+\.\d{6} send 10\.0\.0\.1:7946 > 10\.0\.0\.2:7946 \d+$/.test(line)),
    ).toBe(true)
  })

  test('that does not come to what was waited for says with which seed, and when', () => {
    const world = new World({ seed: 42, nodes: 3 })
    world.runFor(1_000)
    expect(() => world.runUntil(() => false, 500)).toThrow(
      'not reached within 500 ms: seed 42, 3 nodes, at 1.500 s',
    )
  })
})
