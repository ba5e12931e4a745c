import { describe, expect, test } from 'vitest'
import { disagreement, World } from 'libring/sim'

// Goal: a cluster comes together whatever its name server said at the time, without anybody
// calling join again. Method: nodes that only know a name; change what stands behind it.
const agreed = (world: World) => disagreement(world) === undefined
const hosts = (world: World) => world.nodes.map(({ host }) => host)

describe('a name that', () => {
  test('stands for nobody but the node itself is tried again until it stands for others', () => {
    const world = new World({ seed: 1, nodes: 2, options: { bootstrapHosts: ['cluster'] } })
    const [first, second] = world.nodes
    // Whoever asks is told of itself, as by a balancer with one healthy back end.
    world.names.set('cluster', [first!.host])
    second!.crash()
    world.runFor(300_000)
    expect(first!.members()).toHaveLength(1)
    world.names.set('cluster', [first!.host, second!.host])
    second!.restart()
    world.runUntil(agreed, 20_000)
  })

  test('is that of a service leads to the hosts and ports of its records', () => {
    const world = new World({ seed: 6, nodes: 3, options: { bootstrapHosts: ['_serf._udp.test'] } })
    world.runFor(60_000)
    expect(world.nodes.every((node) => node.members().length === 1)).toBe(true)
    world.names.set('_serf._udp.test', ['10.9.9.9:1', `${world.nodes[0]!.host}:7946`])
    world.runUntil(agreed, 30_000)
  })

  test('is not known yet is tried again until it is', () => {
    const world = new World({ seed: 2, nodes: 5, options: { bootstrapHosts: ['cluster'] } })
    world.runFor(600_000)
    expect(world.nodes.every((node) => node.members().length === 1)).toBe(true)
    world.names.set('cluster', [world.nodes[0]!.host])
    world.runUntil(agreed, 20_000)
  })

  test('comes up when two islands exist already makes one of them', () => {
    const world = new World({ seed: 3, nodes: 0, options: { bootstrapHosts: ['cluster'] } })
    const pair = (...names: [string, string]) => {
      const nodes = names.map(() => world.addNode({ bootstrapHosts: ['cluster', names[0]] }))
      world.names.set(names[0], [nodes[0]!.host])
      return nodes
    }
    const [left, right] = [pair('left', ''), pair('right', '')]
    world.runFor(120_000)
    for (const node of [...left, ...right]) expect(node.members()).toHaveLength(2)
    world.names.set('cluster', hosts(world))
    // A refresh comes after 72 s at the latest, and asks an address that its island lacks.
    world.runUntil(agreed, 75_000)
  })

  test('gets all its addresses replaced, again and again, finds one cluster each time', () => {
    const world = new World({ seed: 4, nodes: 5, options: { bootstrapHosts: ['cluster'] } })
    world.names.set('cluster', hosts(world))
    world.runUntil(agreed, 20_000)
    for (let deployment = 0; deployment < 5; deployment++) {
      for (const node of world.nodes) node.crash()
      for (const node of world.nodes) node.restart({ host: world.freshHost() })
      world.names.set('cluster', hosts(world))
      world.runUntil(agreed, 30_000)
    }
  })

  test('gets its addresses replaced one by one loses nobody', () => {
    const world = new World({ seed: 5, nodes: 5, options: { bootstrapHosts: ['cluster'] } })
    world.names.set('cluster', hosts(world))
    world.runUntil(agreed, 20_000)
    for (const node of world.nodes) {
      node.leave()
      world.runUntil(() => node.gossip.status === 'left', 20_000)
      node.restart({ host: world.freshHost() })
      world.names.set('cluster', hosts(world))
      world.runUntil(agreed, 30_000)
    }
  })

  test('lists mostly the dead does not keep islands apart', () => {
    const world = new World({ seed: 6, nodes: 0 })
    const dead = Array.from({ length: 3 }, (_, index) => `10.9.9.${index + 1}`)
    const left = [
      world.addNode({ bootstrapHosts: ['cluster'] }),
      world.addNode({ bootstrapHosts: ['cluster'] }),
    ]
    world.split(left)
    const right = [
      world.addNode({ bootstrapHosts: ['cluster'] }),
      world.addNode({ bootstrapHosts: ['cluster'] }),
    ]
    world.names.set('cluster', [...dead, ...hosts(world)])
    world.runFor(60_000)
    for (const node of [...left, ...right]) expect(node.members()).toHaveLength(2)
    world.heal()
    world.runUntil(agreed, 600_000)
  })

  test('is looked up again and again makes no work for those who know each other', () => {
    const world = new World({ seed: 7, nodes: 12 })
    world.runUntil(agreed, 20_000)
    world.runFor(30_000)
    const intents = () => {
      return world.nodes.map(({ gossip }) => gossip.stats.received.join).reduce((a, b) => a + b)
    }
    const streams = () => world.traffic.streams
    const before = [intents(), streams()] as const
    // All look four times; beside that each has ten exchanges, and would have none of the former.
    world.runFor(300_000)
    expect(intents()).toBe(before[0])
    expect(streams() - before[1]).toBeGreaterThan(12 * 13)
  })
})
