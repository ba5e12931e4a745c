import { expect, test } from 'vitest'
import { disagreement, World } from 'libring/sim'

// Goal: a cluster that nobody tells of itself comes together again after all of it lost power.
// Method: nodes with snapshots and one seed between them, which is then gone for ever.
test('a cluster that lost power as a whole comes together from its snapshots', () => {
  const options = { snapshotPath: 'snapshot', bootstrapHosts: ['cluster'] }
  const world = new World({ seed: 7, nodes: 12, options })
  const agreed = () => disagreement(world) === undefined
  world.names.set('cluster', [world.nodes[0]!.host])
  world.runUntil(agreed, 30_000)
  world.runFor(2_000)
  for (const node of world.nodes) node.crash()
  world.names.delete('cluster')
  world.runFor(60_000)
  for (const node of world.nodes) node.restart()
  world.runUntil(agreed, 60_000)
  expect(world.nodes.every((node) => node.members().length === 12)).toBe(true)
})
