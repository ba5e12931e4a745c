// The figures of docs/operating/sizing.md: what `libring simulate` says of clusters of several sizes, on
// networks that lose packets, and of the moves of a ring.
//
//   npm run bench:sizing       some minutes of one core, and 1.5 GiB
//
// Times are virtual: the same code and seed give the same figures on every machine.

import { optionsOf, type SimulateFlags } from '../../packages/agent/src/simulate/options.ts'
import { median } from '../../packages/agent/src/simulate/reach.ts'
import { simulate, type Simulated } from '../../packages/agent/src/simulate/simulate.ts'
import { writeFigures, writeResults } from '../figures-page.ts'
import { table } from '../ring/report.ts'

const SIZES = [3, 10, 30, 100, 300, 1_000] as const
/** Of these a move is a small part of all. */
const RING_SIZES: readonly number[] = SIZES.filter((nodes) => nodes >= 10)
const PARTITIONS = 4_096
const NETWORKS: readonly Partial<SimulateFlags>[] = [
  {},
  { loss: 5 },
  { loss: 20 },
  { profile: 'wan' },
]
const NETWORK_NODES = 100

const RING = { partitions: PARTITIONS, redundancy: 3 } as const
const GOSSIP_HEAD = [
  'first hears of a failure',
  'all have heard',
  'a tag change is everywhere',
  'packets a second',
  'bytes a second',
  'of full exchanges',
] as const

const sizes = SIZES.map((nodes) => run({ nodes, ...(RING_SIZES.includes(nodes) && RING) }))
const networks = NETWORKS.map((network) => run({ nodes: NETWORK_NODES, ...network }))

writeResults('sizing', { sizes, networks })
writePart('members', [
  ['members', ...GOSSIP_HEAD],
  ...sizes.map((found) => [count(found.options.nodes), ...gossipRow(found)]),
])
writePart('networks', [
  ['profile', 'one way', 'lost', ...GOSSIP_HEAD],
  ...networks.map((found) => {
    const { profile, latencyMs, lossPercent } = found.options
    return [profile, `${latencyMs} ms`, `${lossPercent} %`, ...gossipRow(found)]
  }),
])
writePart('moves', [
  ['members', 'one joins', 'one leaves or fails', 'primaries that change, leaving'],
  ...sizes.flatMap(({ options, ring }) => {
    if (ring === null) return []
    const { join, leave } = ring
    return [[options.nodes, join.copies, leave.copies, leave.primaries].map(count)]
  }),
])

function run(flags: Partial<SimulateFlags> & Pick<SimulateFlags, 'nodes'>): Simulated {
  console.log(JSON.stringify(flags))
  return simulate(optionsOf({ loss: 0, profile: 'lan', seed: 1, ...flags }))
}

function gossipRow({ detections, tag, rest }: Simulated): string[] {
  const seconds = (times: readonly (number | null)[]) => {
    const ms = median(times.map((time) => time ?? Infinity))
    return Number.isFinite(ms) ? `${(ms / 1_000).toFixed(1)} s` : 'not in time'
  }
  return [
    seconds(detections.map(({ firstMs }) => firstMs)),
    seconds(detections.map(({ allMs }) => allMs)),
    tag.allMs === null ? `over ${tag.limitMs / 1_000} s` : `${tag.allMs.toFixed(0)} ms`,
    rest.packetsPerSecond.toFixed(2),
    rest.packetBytesPerSecond.toFixed(0),
    rest.streamBytesPerSecond.toFixed(0),
  ]
}

function writePart(name: string, [head, ...rows]: readonly (readonly string[])[]): void {
  const lines = table(head ?? [], rows)
  console.log(lines)
  writeFigures(name, lines.trimEnd().split('\n'), 'operating/sizing')
}

function count(number: number): string {
  return number.toLocaleString('en')
}
