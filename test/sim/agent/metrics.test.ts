import { expect, test } from 'vitest'
import { World, type SimNode, type WorldOptions } from 'libring/sim'
import { createMetrics, type Metrics } from '../../../packages/agent/src/metrics/metrics.ts'

const PARTITIONS = 16

/** A world whose nodes are measured from their beginning. */
class Measured {
  readonly world: World
  readonly #metrics = new Map<string, Metrics>()

  constructor(options: Partial<WorldOptions> = {}) {
    const cluster = { partitions: PARTITIONS, redundancy: 2, settleMs: 200 }
    this.world = new World({ seed: 1, nodes: 0, cluster, ...options })
    this.world.observe({
      onBegin: (node) => void this.#metrics.set(node.name, this.#measure(node)),
    })
  }

  /** The value of a series, named as Prometheus shows it. */
  async value(node: SimNode, series: string): Promise<number> {
    const text = await this.#metrics.get(node.name)!.metrics()
    const line = text.split('\n').find((each) => each.startsWith(`${series} `))
    if (line === undefined) throw new Error(`no ${series} in:\n${text}`)
    return Number(line.slice(series.length + 1))
  }

  /** Have a member measure how soon news is everywhere, and wait until it is done. */
  async propagate(node: SimNode): Promise<void> {
    const probing = this.#metrics.get(node.name)!.propagation!.probe()
    await this.world.run(30_000)
    await probing
  }

  #measure(node: SimNode): Metrics {
    return createMetrics({
      cluster: node.cluster,
      partitions: PARTITIONS,
      serf: node.gossip,
      version: '0.0.0',
      nowMs: () => this.world.nowMs,
    })
  }
}

/** Over all members: how many partitions have a primary, were there no two of one. */
async function primariesOf(measured: Measured): Promise<number> {
  const values = measured.world.nodes.map((node) => {
    return measured.value(node, 'libring_partitions_held{replica="0"}')
  })
  return (await Promise.all(values)).reduce((total, value) => total + value, 0)
}

async function formed(count: number, options: Partial<WorldOptions> = {}): Promise<Measured> {
  const measured = new Measured(options)
  for (let index = 0; index < count; index++) measured.world.addNode()
  await measured.world.until(
    ({ nodes }) => nodes.every(({ cluster }) => cluster.members.length === count),
    30_000,
  )
  await measured.world.run(30_000)
  return measured
}

test('what all members hold is every place of every partition, and all see one ring', async () => {
  const measured = await formed(3)
  const { nodes } = measured.world
  expect(await measured.value(nodes[0]!, 'libring_partitions')).toBe(PARTITIONS)
  const sum = async (series: string): Promise<number> => {
    const values = await Promise.all(nodes.map((node) => measured.value(node, series)))
    return values.reduce((total, value) => total + value, 0)
  }
  expect(await sum('libring_partitions_held{replica="0"}')).toBe(PARTITIONS)
  expect(await sum('libring_partitions_held{replica="1"}')).toBe(PARTITIONS)
  expect(await sum('libring_handoffs_in_flight')).toBe(0)
  expect(await sum('libring_members{status="alive"}')).toBe(9)
  expect(await sum('libring_ring_members')).toBe(9)
  const digests = nodes.map((node) => measured.value(node, 'libring_view_digest'))
  expect(new Set(await Promise.all(digests)).size).toBe(1)
  expect(await sum('libring_handoff_duration_seconds_count')).toBeGreaterThanOrEqual(PARTITIONS)
})

test('a member that failed is counted as such, and those that hear of it show another view', async () => {
  const measured = await formed(3)
  const [first, , last] = measured.world.nodes as [SimNode, SimNode, SimNode]
  const before = await measured.value(first, 'libring_view_digest')
  last.crash()
  await measured.world.run(60_000)
  expect(await measured.value(first, 'libring_members{status="failed"}')).toBe(1)
  expect(await measured.value(first, 'libring_members{status="alive"}')).toBe(2)
  expect(await measured.value(first, 'libring_view_digest')).not.toBe(before)
  expect(await measured.value(first, 'libring_probes_failed_total')).toBeGreaterThan(0)
})

test('a suspicion is counted when it starts, and when it is refuted or confirmed', async () => {
  const measured = await formed(3)
  const [first, second, last] = measured.world.nodes as [SimNode, SimNode, SimNode]
  const counted = async (outcome: string): Promise<number> => {
    return measured.value(first, `libring_suspicions_total{outcome="${outcome}"}`)
  }
  expect(await counted('started')).toBe(0)
  second.pause()
  await measured.world.until(({ nodes }) => nodes[0]!.gossip.stats.swim.suspicions > 0, 30_000)
  second.resume()
  await measured.world.run(60_000)
  expect(await counted('refuted')).toBeGreaterThan(0)
  expect(await counted('confirmed')).toBe(0)
  expect(await counted('started')).toBe(await counted('refuted'))
  last.crash()
  await measured.world.run(60_000)
  expect(await counted('confirmed')).toBe(1)
  expect(await counted('started')).toBe((await counted('refuted')) + 1)
})

test('messages in packets are counted by type, the same where they are sent as where they come', async () => {
  const measured = await formed(2)
  const [first, second] = measured.world.nodes as [SimNode, SimNode]
  await first.gossip.userEvent('deploy', 'v1')
  await measured.world.run(10_000)
  for (const type of ['ping', 'ack', 'alive', 'user']) {
    for (const what of ['messages', 'message_bytes']) {
      const series = (direction: string) =>
        `libring_packet_${what}_total{direction="${direction}",type="${type}"}`
      const sent = await measured.value(first, series('sent'))
      expect(sent, `${what} ${type}`).toBeGreaterThan(0)
      expect(await measured.value(second, series('received')), `${what} ${type}`).toBe(sent)
    }
  }
  expect(
    await measured.value(first, 'libring_packet_messages_total{direction="sent",type="dead"}'),
  ).toBe(0)
})

test('how long news takes is what it takes there by gossip and back in one datagram', async () => {
  const measured = await formed(5, { latencyMs: [100, 100] })
  const [first, , , , last] = measured.world.nodes as [SimNode, SimNode, SimNode, SimNode, SimNode]
  await measured.propagate(first)
  const value = (series: string) => measured.value(first, `libring_propagation_${series}`)
  expect(await value('seconds_count')).toBe(4)
  // A hop and the way back are 0.2 s. With gossip to three at a time, two hops reach everybody.
  expect(await value('seconds_bucket{le="0.1"}')).toBe(0)
  expect(await value('seconds_bucket{le="1"}')).toBe(4)
  expect(await value('seconds_sum')).toBeGreaterThanOrEqual(4 * 0.2)
  expect(await value('unheard_total')).toBe(0)

  last.crash()
  await measured.propagate(first)
  expect(await value('seconds_count')).toBe(7)
  expect(await value('unheard_total')).toBe(1)
  expect(await value('probes_total')).toBe(2)
})

test('packets, bytes and round trips are those of the network, in seconds and bytes', async () => {
  const measured = await formed(2, { latencyMs: [50, 50] })
  const [first] = measured.world.nodes as [SimNode]
  expect(await measured.value(first, 'libring_packets_total{direction="sent"}')).toBe(
    first.gossip.stats.swim.packetsSent,
  )
  expect(await measured.value(first, 'libring_packet_bytes_total{direction="received"}')).toBe(
    first.gossip.stats.swim.bytesReceived,
  )
  const rtt = await measured.value(first, 'libring_rtt_seconds{stat="median"}')
  expect(rtt).toBeGreaterThan(0.05)
  expect(rtt).toBeLessThan(0.2)
})

test('a hand-off is in flight until whoever has the partition has let it go, and takes that long', async () => {
  let releaseMs = 0
  const measured = await formed(2, {
    cluster: (node) => ({
      partitions: PARTITIONS,
      redundancy: 1,
      settleMs: 200,
      onAcquire: () => node.sleep(10),
      onRelease: () => node.sleep(releaseMs),
    }),
  })
  releaseMs = 3_000
  const newcomer = measured.world.addNode()
  await measured.world.until(() => newcomer.cluster.members.length === 3, 10_000)
  await measured.world.run(1_500)
  const waiting = await measured.value(newcomer, 'libring_handoffs_in_flight')
  expect(waiting).toBeGreaterThan(0)
  expect(
    await measured.value(newcomer, 'libring_handoff_longest_wait_seconds'),
  ).toBeGreaterThanOrEqual(1)

  await measured.world.run(10_000)
  expect(await measured.value(newcomer, 'libring_handoffs_in_flight')).toBe(0)
  const count = await measured.value(newcomer, 'libring_handoff_duration_seconds_count')
  const sum = await measured.value(newcomer, 'libring_handoff_duration_seconds_sum')
  expect(count).toBe(waiting)
  expect(sum / count).toBeGreaterThan(2.5)
  expect(sum / count).toBeLessThan(6)
  expect(await primariesOf(measured)).toBe(PARTITIONS)
})

test('a member that stood still holds nothing it has lost, once it runs again', async () => {
  const measured = await formed(3)
  const [, paused] = measured.world.nodes as [SimNode, SimNode, SimNode]
  paused.pause()
  await measured.world.run(60_000)
  paused.resume()
  await measured.world.run(60_000)
  expect(await measured.value(paused, 'libring_ring_stalls_total')).toBe(1)
  expect(await primariesOf(measured)).toBe(PARTITIONS)
})

test('a partition whose handler is at work is held and not ready', async () => {
  const measured = await formed(1, {
    cluster: (node) => ({ partitions: PARTITIONS, onAcquire: () => node.sleep(1_000_000) }),
  })
  const [only] = measured.world.nodes as [SimNode]
  expect(await measured.value(only, 'libring_partitions_held{replica="0"}')).toBe(PARTITIONS)
  expect(await measured.value(only, 'libring_partitions_unready')).toBe(PARTITIONS)
})

test('members of two configurations show in how many options they differ', async () => {
  const measured = new Measured({
    cluster: (node) => ({ partitions: node.name === 'node-2' ? 32 : PARTITIONS, redundancy: 2 }),
  })
  for (let index = 0; index < 3; index++) measured.world.addNode()
  await measured.world.run(30_000)
  const [first, , last] = measured.world.nodes as [SimNode, SimNode, SimNode]
  expect(await measured.value(first, 'libring_config_mismatch_fields')).toBe(1)
  expect(await measured.value(last, 'libring_config_mismatch_fields')).toBe(1)
  expect(await measured.value(last, 'libring_handoffs_in_flight')).toBe(0)
})

test('after a split both sides held, the time until one has let go is counted', async () => {
  const measured = await formed(3, {
    cluster: (node) => ({
      partitions: PARTITIONS,
      redundancy: 2,
      settleMs: 200,
      onRelease: () => node.sleep(500),
      onChange: () => node.sleep(500),
    }),
  })
  const { nodes } = measured.world
  measured.world.inject({ type: 'split', groups: [['node-0']] })
  await measured.world.run(60_000)
  measured.world.inject({ type: 'heal' })
  await measured.world.run(120_000)
  const found = await Promise.all(
    nodes.map((node) => measured.value(node, 'libring_double_holders_total')),
  )
  expect(Math.max(...found)).toBeGreaterThan(0)
  const seconds = await Promise.all(
    nodes.map((node) => measured.value(node, 'libring_double_hold_seconds_total')),
  )
  expect(Math.max(...seconds)).toBeLessThan(100)
})
