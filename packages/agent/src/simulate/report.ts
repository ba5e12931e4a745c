import Table from 'cli-table3'
import type { Detection } from './measures.ts'
import { median, type Reach } from './reach.ts'
import type { Moved, RingMoves } from './ring-moves.ts'
import type { Simulated } from './simulate.ts'

/** Plain lines: what is asked for is figures. */
const STYLE = { head: [], border: [], compact: true }

/** What was found, for people. */
export function reportOf(found: Simulated): string {
  const { options, ring } = found
  const { nodes, profile, lossPercent, latencyMs, seed } = options
  const title = `${nodes} members, profile ${profile}, ${lossPercent} % of packets lost, ${latencyMs} ms one way, seed ${seed}`
  return [
    title,
    'Times are virtual, of the real code on a simulated network; the machine plays no part in them.',
    '',
    newsTable(found),
    ...(found.forming === null ? [FORMED] : []),
    '',
    detectionTable(found.detections),
    '',
    trafficTable(found),
    ...(ring === null ? [] : ['', ringTable(ring)]),
    '',
  ].join('\n')
}

const FORMED = 'Members know each other from the start: above 100, all at once is not simulated.'

function newsTable({ forming, join, tag, userEvent }: Simulated): string {
  const table = new Table({ head: ['news reaches', '50 %', '99 %', 'all'], style: STYLE })
  const row = (what: string, reach: Reach) => {
    const { halfMs, mostMs, allMs, limitMs } = reach
    table.push([what, ...[halfMs, mostMs, allMs].map((ms) => timeText(ms, limitMs))])
  }
  if (forming !== null) row('all start at once, and meet', forming)
  row('one joins', join)
  row('a tag changes', tag)
  row('a user event', userEvent)
  return table.toString()
}

function detectionTable(detections: readonly Detection[]): string {
  const table = new Table({ head: ['a member fails', 'median', 'slowest'], style: STYLE })
  const row = (what: string, times: readonly (number | null)[]) => {
    const ms = times.map((time) => time ?? Infinity)
    table.push([what, secondsText(median(ms)), secondsText(Math.max(...ms))])
  }
  row(
    'the first hears of it',
    detections.map(({ firstMs }) => firstMs),
  )
  row(
    'all have heard',
    detections.map(({ allMs }) => allMs),
  )
  return table.toString()
}

function trafficTable({ rest, falsePositives }: Simulated): string {
  const table = new Table({ head: ['at rest', 'each member'], style: STYLE })
  table.push(
    ['packets sent, per second', rest.packetsPerSecond.toFixed(2)],
    ['bytes in packets, per second', rest.packetBytesPerSecond.toFixed(0)],
    ['bytes in streams, per second', rest.streamBytesPerSecond.toFixed(0)],
    [
      `held for failed while up, per hour (${falsePositives.nodeHours.toFixed(1)} looked at)`,
      falsePositives.perNodeHour.toFixed(2),
    ],
  )
  return table.toString()
}

function ringTable({ partitions, redundancy, copies, join, leave }: RingMoves): string {
  const head = [
    `${partitions} partitions, ${redundancy} holders each`,
    'copies that move',
    'most',
    `of ${copies}`,
    'primaries that change',
    'most',
  ]
  const table = new Table({ head, style: STYLE })
  const row = (what: string, moved: Moved) => {
    const part = `${((100 * moved.copies) / copies).toFixed(1)} %`
    const counts = [moved.copies, moved.copiesMax, part, moved.primaries, moved.primariesMax]
    table.push([what, ...counts.map(String)])
  }
  row('one joins', join)
  row('one leaves', leave)
  row('one fails', leave)
  return table.toString()
}

function timeText(ms: number | null, limitMs: number): string {
  return ms === null ? `over ${limitMs / 1_000} s` : `${ms.toFixed(0)} ms`
}

function secondsText(ms: number): string {
  return Number.isFinite(ms) ? `${(ms / 1_000).toFixed(1)} s` : 'not in time'
}
