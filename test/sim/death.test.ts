import { expect, test } from 'vitest'
import { PROFILES } from '../../packages/libring/src/swim/options.ts'
import { leastDeathMs } from '../../packages/libring/src/swim/suspicion.ts'
import { World } from '../../packages/libring/src/sim/world.ts'

/** How long after the crash of one of `nodes` members another sees it as failed, and its limit. */
function silence(
  seed: number,
  nodes: number,
): { readonly heldMs: number; readonly limitMs: number } {
  const world = new World({ seed, nodes })
  world.runFor(20_000)
  const [victim, ...others] = world.nodes
  const limitMs = leastDeathMs(PROFILES.lan, nodes)
  victim!.crash()
  const heldMs = world.runUntil(() => {
    return others.some((node) => {
      return node.members().some(({ name, status }) => name === victim!.name && status === 'failed')
    })
  }, 600_000)
  return { heldMs, limitMs }
}

test('nobody is declared dead before the time that its cluster is said to leave it', () => {
  const runs = [2, 3, 5, 8, 20].flatMap((nodes) => {
    return Array.from({ length: 12 }, (_, seed) => silence(seed, nodes))
  })
  const shares = runs.map(({ heldMs, limitMs }) => heldMs / limitMs)
  // A ping may have been under way, so the limit is not exact.
  expect(Math.min(...shares)).toBeGreaterThan(0.99)
  expect(Math.min(...shares)).toBeLessThan(1.1)
})
