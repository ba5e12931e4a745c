import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { AcquireEvent, ChangeEvent, Cluster, Handled, Held } from 'libring'
import { World, type SimNode } from 'libring/sim'
import { importSnippet, snippetsOf } from '../support/snippets.ts'

// Functions that pages show, in a simulated cluster: whether they do what the page says.

function importFrom<T>(page: string, index: number): Promise<T> {
  const markdown = readFileSync(new URL(`../../${page}`, import.meta.url), 'utf8')
  return importSnippet<T>(snippetsOf(page, markdown)[index]!)
}

async function aWorld(): Promise<World> {
  const cluster = { partitions: 16, redundancy: 2 }
  const world = new World({ seed: 1, nodes: 4, cluster })
  await world.run(30_000)
  return world
}

test('docs/start.md: a key is described by its owner, and by whom to ask then', async () => {
  const { describe } = await importFrom<{ describe(cluster: Cluster, key: string): string }>(
    'docs/start.md',
    1,
  )
  const { cluster } = (await aWorld()).nodes[0]!
  const [owner, ...others] = cluster.membersForKey('/carts/42').map(({ name }) => name)
  const names = [owner, ...others].join(', ')
  expect(others).toHaveLength(3)
  expect(describe(cluster, '/carts/42')).toBe(
    `/carts/42: ask ${owner}, and if that fails, in this order: ${names}`,
  )
})

test('docs/concepts/ownership.md: somebody hears of two primaries once a split has healed', async () => {
  const { watch } = await importFrom<{
    watch(cluster: Cluster, alarm: (what: string) => void): void
  }>('docs/concepts/ownership.md', 0)
  const world = await aWorld()
  const alarms: string[] = []
  for (const { cluster } of world.nodes) watch(cluster, (what) => alarms.push(what))
  world.split(world.nodes.slice(0, 2))
  await world.run(60_000)
  expect(alarms).toEqual([])
  world.heal()
  await world.until(() => alarms.length > 0, 120_000)
  expect(alarms[0]).toMatch(/^node-\d held \d+.* as well; (we|node-\d) let go$/)
})

test('docs/guides/operating.md: a fleet is whole once so many are there and nothing changes', async () => {
  const { whenWhole } = await importFrom<{
    whenWhole(cluster: Cluster, members: number): Promise<void>
  }>('docs/guides/operating.md', 2)
  const world = await aWorld()
  const { cluster } = world.nodes[0]!
  let isWhole = false
  const waiting = whenWhole(cluster, 5).then(() => (isWhole = true))
  await world.run(10_000)
  expect(isWhole).toBe(false)
  world.addNode()
  await world.until(() => cluster.members.length === 5, 20_000)
  expect(isWhole).toBe(false)
  await world.run(6_000)
  expect(isWhole).toBe(true)
  await waiting
})

test('docs/guides/fencing-tokens.md: the fence is raised before any work, with a token that grows', async () => {
  interface Store {
    raise(held: Held, member: string): Promise<void>
    workOn(held: Held, member: string, signal: AbortSignal): Promise<void>
  }
  const { serve } = await importFrom<{ serve(cluster: Cluster, store: Store): Promise<void> }>(
    'docs/guides/fencing-tokens.md',
    2,
  )
  const fences = new Map<number, bigint>()
  const seen: string[] = []
  const world = await aWorld()
  const store: Store = {
    async raise({ partition, token }) {
      const stored = fences.get(partition)
      if (stored !== undefined) seen.push(token > stored ? 'above' : 'not above')
      fences.set(partition, token)
      await Promise.resolve()
    },
    async workOn({ partition, token }, _member, signal) {
      expect(fences.get(partition)).toBe(token)
      await new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error))
      })
    },
  }
  const serving = world.nodes.map(({ cluster }) => serve(cluster, store))
  await world.run(1_000)
  expect(fences.size).toBe(16)
  const drained = world.nodes[1]!.cluster.drain()
  await world.run(40_000)
  expect(new Set(seen)).toEqual(new Set(['above']))
  await Promise.all([drained, serving[1]])
})

test('docs/guides/fencing-tokens.md: nothing is done for a holding that a pause has ended', async () => {
  const { openDoor } = await importFrom<{
    openDoor(held: Held, open: (signal: AbortSignal) => Promise<void>): Promise<string>
  }>('docs/guides/fencing-tokens.md', 4)
  const world = await aWorld()
  const [node] = world.nodes as [SimNode]
  const partition = Array.from({ length: 16 }, (_, index) => index).find((index) => {
    return node.cluster.held(index) !== undefined
  })!
  const held = node.cluster.held(partition)!
  let opened = 0
  const open = async (signal: AbortSignal): Promise<void> => {
    expect(signal.aborted).toBe(false)
    opened++
    await Promise.resolve()
  }
  expect([await openDoor(held, open), opened]).toEqual(['open', 1])
  node.pause()
  await world.run(60_000)
  // Nothing of the process has run since.
  expect([await openDoor(held, open), opened]).toEqual(['not ours any more', 1])
  node.resume()
  await world.run(30_000)
  expect([await openDoor(held, open), held.signal.aborted]).toEqual(['not ours any more', true])
})

test('docs/guides/fencing-tokens.md: whoever takes a partition gets above what its store knows', async () => {
  type Taking = Handled<AcquireEvent | ChangeEvent>
  const { takeWith } = await importFrom<{
    takeWith(fences: {
      tokenOf(partition: number): Promise<bigint>
      raise(writer: { readonly partition: number; readonly token: bigint }): Promise<void>
    }): (event: Taking) => Promise<void>
  }>('docs/guides/fencing-tokens.md', 3)
  // As left by somebody whose clock was years ahead; partition 3 is new to the store.
  const ahead = 1n << 61n
  const stored = new Map(Array.from({ length: 16 }, (_, partition) => [partition, ahead]))
  stored.delete(3)
  const take = takeWith({
    tokenOf: (partition) => Promise.resolve(stored.get(partition) ?? 0n),
    raise: ({ partition, token }) => Promise.resolve(void stored.set(partition, token)),
  })
  const world = new World({
    seed: 2,
    nodes: 3,
    cluster: { partitions: 16, redundancy: 1, onAcquire: take, onChange: take },
  })
  await world.run(30_000)
  for (const [partition, token] of stored) {
    const holders = world.nodes.flatMap(({ cluster }) => cluster.held(partition) ?? [])
    expect(holders.map((held) => held.token)).toEqual([token])
    if (partition !== 3) expect(token).toBeGreaterThan(ahead)
  }
  expect(stored.size).toBe(16)
})
