import { describe, expect, test } from 'vitest'
import { disagreement, World } from 'libring/sim'

// Goal: no news of a member waits for a push/pull because gossip left somebody out, which among
// stock agents it does in every other run of this size.
// Method: many members with the profile that gossips least, on a network that loses nothing, all
// join at once, and then some change their tags. What comes late comes seconds late, so that the
// limit of virtual time tells the two apart.

const MEMBERS = 40
const SOON_MS = 2_000

function started(seed: number): World {
  const options = { profile: 'local', bootstrapHosts: [] } as const
  const world = new World({
    seed,
    nodes: MEMBERS,
    latencyMs: [0.1, 0.4],
    traceLines: 'off',
    options,
  })
  world.runFor(1_000)
  return world
}

describe.each([1, 2, 3, 4, 5, 6])('seed %i', (seed) => {
  test('whoever joins, and whoever has new tags, is soon known to all', async () => {
    const world = started(seed)
    const [door, ...others] = world.nodes
    for (const { gossip } of others) gossip.join([door!.host]).catch(() => {})
    await world.run(SOON_MS)
    expect(disagreement(world)).toBeUndefined()

    for (const index of [0, 7, MEMBERS - 1]) {
      const { name, gossip } = world.nodes[index]!
      gossip.setTags({ version: `${index}` }).catch(() => {})
      await world.run(SOON_MS)
      const versions = world.nodes.map((node) => {
        return node.members().find((member) => member.name === name)?.tags['version']
      })
      expect(new Set(versions)).toEqual(new Set([`${index}`]))
    }
  })
})
