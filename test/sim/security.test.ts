import { World } from 'libring/sim'
import { expect, test } from 'vitest'

// Goal: keys and labels keep strangers out of a cluster and change nothing within it.
// Method: three groups on one network that all know one another's addresses; wait.

const KEY_A = Buffer.alloc(16, 'a').toString('base64')
const KEY_B = Buffer.alloc(32, 'b').toString('base64')

test('members with one key find each other, and nobody else', () => {
  const world = new World({ seed: 11, nodes: 0 })
  const groups = {
    keyed: { keyring: [KEY_A] },
    other: { keyring: [KEY_B] },
    open: {},
    labelled: { keyring: [KEY_A], label: 'blue' },
  }
  const nodes = Object.entries(groups).flatMap(([, options]) =>
    [0, 1, 2].map(() => {
      const bootstrapHosts = world.nodes.map(({ host }) => host)
      return world.addNode({ profile: 'local', ...options, bootstrapHosts })
    }),
  )
  world.runFor(60_000)

  const seen = nodes.map((node) =>
    node
      .members()
      .map(({ name }) => name)
      .sort()
      .join(' '),
  )
  const groupOf = (at: number) =>
    nodes
      .slice(at - (at % 3), at - (at % 3) + 3)
      .map(({ name }) => name)
      .sort()
      .join(' ')
  expect(seen).toEqual(nodes.map((_, at) => groupOf(at)))
})
