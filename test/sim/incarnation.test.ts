import { expect, test } from 'vitest'
import { World, type SimNode } from 'libring/sim'

// Goal: what is remembered of a member that failed can be told from what is known of it later.
// Method: members crash, return, one at its address and one at another, and crash again, while
// the others note the incarnation that goes with each failure; many seeds.
const seeds = Array.from({ length: 8 }, (_, seed) => seed)

test.each(seeds)('a second failure is told at a higher incarnation, seed %i', (seed) => {
  const world = new World({ seed, nodes: 5, latencyMs: [1, 30] })
  world.runFor(5_000)
  const [here, there, ...others] = world.nodes as [SimNode, SimNode, ...SimNode[]]
  const told = new Map<string, number[]>()
  for (const { name, gossip } of others) {
    gossip.subscribe(({ type, members }) => {
      if (type !== 'member-failed') return
      for (const member of members) {
        const key = `${member.name} seen by ${name}`
        told.set(key, [...(told.get(key) ?? []), gossip.incarnationOf(member.name) ?? -1])
      }
    })
  }
  here.crash()
  there.crash()
  world.runFor(20_000)
  here.restart()
  there.restart({ host: world.freshHost() })
  world.runFor(20_000)
  here.crash()
  there.crash()
  world.runFor(20_000)
  expect(told.size).toBe(6)
  for (const [key, incarnations] of told) {
    expect([key, incarnations.length]).toEqual([key, 2])
    expect(incarnations[0]).toBeGreaterThan(0)
    expect(incarnations[1]).toBeGreaterThan(incarnations[0]!)
  }
})
