import { expect, test } from 'vitest'
import { World } from 'libring/sim'
import { RoleBook } from '../support/ownership.ts'

// Goal: a reader that does not ask for a long time holds up what it has not finished, for as long
// as a release may take, and nothing else. Method: one of four nodes reads its steps and pauses for
// 30 s while a fifth joins; the loop of the process goes on running, only the reader does not.

const PARTITIONS = 64
const RELEASE_MS = 10_000

test('a reader that pauses for 30 s holds up only what it has not finished, and not for longer than a release may take', async () => {
  const options = { partitions: PARTITIONS, redundancy: 1, releaseTimeoutMs: RELEASE_MS }
  const world = new World({ seed: 5, nodes: 4, cluster: options })
  await world.run(20_000)
  const reader = world.nodes[0]!
  const troubles: string[] = []
  for (const { gossip } of world.nodes) {
    gossip.subscribe(({ type }) => void (type === 'member-join' || troubles.push(type)))
  }

  const book = new RoleBook()
  let pausesAtMs = Infinity
  let isPaused = false
  const unfinished = new Set<number>()
  const reading = (async () => {
    for await (const event of reader.cluster.events) {
      book.apply(event)
      if (world.nowMs < pausesAtMs || isPaused || event.type !== 'release') continue
      // It has been given this one, and asks for no other until it is done with it.
      isPaused = true
      unfinished.add(event.partition)
      await reader.sleep(30_000)
    }
  })()
  await world.run(1_000)
  const held = new Set(book.entries().map(([partition]) => partition))

  const releasedAtMs = new Map<number, number>()
  const takenAtMs = new Map<number, number>()
  for (const { cluster } of world.nodes) {
    cluster.on('release', ({ partition }) => void releasedAtMs.set(partition, world.nowMs))
  }
  pausesAtMs = world.nowMs
  const joiner = world.addNode()
  joiner.cluster.on('acquire', ({ partition }) => void takenAtMs.set(partition, world.nowMs))
  await world.run(25_000)

  expect(isPaused).toBe(true)
  const waits = [...takenAtMs].map(([partition, atMs]) => {
    return { partition, waitMs: atMs - releasedAtMs.get(partition)! }
  })
  const ofReader = waits.filter(({ partition }) => held.has(partition))
  const ofOthers = waits.filter(({ partition }) => !held.has(partition))
  expect([ofReader.length > 1, ofOthers.length > 1]).toEqual([true, true])
  // Nobody reads at the others, so what they let go is free at once.
  expect(Math.max(...ofOthers.map(({ waitMs }) => waitMs))).toBeLessThan(1_000)
  for (const { waitMs } of ofReader) expect(waitMs).toBeLessThan(RELEASE_MS + 1_000)
  const [first] = unfinished
  const { waitMs } = ofReader.find(({ partition }) => partition === first)!
  expect(waitMs).toBeGreaterThanOrEqual(RELEASE_MS)

  await world.run(30_000)
  const assigned = Array.from({ length: PARTITIONS }, (_, partition) => partition).filter(
    (partition) => reader.cluster.holdersForPartition(partition)[0]?.name === reader.name,
  )
  expect(book.entries()).toEqual(assigned.map((partition) => [partition, 0]))
  expect(troubles).toEqual([])
  const stopped = reader.stop()
  await world.run(20_000)
  await Promise.all([stopped, reading])
  expect(book.entries()).toEqual([])
})
