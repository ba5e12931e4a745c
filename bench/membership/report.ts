import { table } from '../ring/report.ts'
import type { Doubts, DoubtsTask } from './doubts.ts'
import type { Growth, Spent } from './growth.ts'
import { HELD_UP_MS, SLOW_PART, SPELL_MS, WELL_MS, type Slowness } from './slow-members.ts'

/** What stands in bench/results/membership.json. */
export interface Results {
  machine: { cpu: string; cores: number; node: string }
  /** By part: when it was measured, and how much else the machine did. */
  measured: Record<string, { readonly date: string; readonly loadAverage: number }>
  growth?: readonly Growth[]
  doubts?: readonly Doubts[]
}

export function growthReport(growth: readonly Growth[]): string {
  return [
    'All start in one moment, and know three of them by name. How many pairs know each other, after how',
    'much virtual time:',
    '',
    table(
      ['nodes', '50 %, ms', '99 %, ms', 'all, ms', 'news over, s'],
      growth.map(({ nodes, knownMs: { half, most, all }, forming }) => [
        String(nodes),
        half.toFixed(0),
        most.toFixed(0),
        all.toFixed(0),
        (forming.simulatedMs / 1_000).toFixed(0),
      ]),
    ),
    'From a crash until another member is told `member-failed`, the first and the last of them, in five',
    'crashes one after the other: the median, and the slowest.',
    '',
    table(
      ['nodes', 'first, s', 'slowest', 'all, s', 'slowest'],
      growth.map(({ nodes, detections }) => {
        const [first, last] = [
          detections.map(({ firstMs }) => firstMs),
          detections.map(({ lastMs }) => lastMs),
        ]
        return [String(nodes), ...[first, last].flatMap(spreadOf)]
      }),
    ),
    'What a node sends, of packets and over streams, at rest and while all join; and how much virtual',
    'time passes in a second of the machine:',
    '',
    table(
      [
        'nodes',
        'packets/s',
        'their bytes/s',
        'bytes/s in streams',
        'sent to form, kB',
        'sim s per s, forming',
        'at rest',
        'MiB resident',
      ],
      growth.map(({ nodes, forming, rest, rssBytes }) => {
        const each = (count: number) => count / nodes / (rest.simulatedMs / 1_000)
        return [
          String(nodes),
          each(rest.packets).toFixed(2),
          each(rest.packetBytes).toFixed(0),
          each(rest.streamBytes).toFixed(0),
          ((forming.packetBytes + forming.streamBytes) / nodes / 1_000).toFixed(0),
          speedOf(forming),
          speedOf(rest),
          (rssBytes / 2 ** 20).toFixed(0),
        ]
      }),
    ),
  ].join('\n')
}

function spreadOf(timesMs: readonly number[]): string[] {
  const sorted = timesMs.toSorted((left, right) => left - right)
  const middle = sorted[Math.floor(sorted.length / 2)]!
  return [middle, sorted.at(-1)!].map((ms) => (ms / 1_000).toFixed(1))
}

function speedOf({ simulatedMs, wallMs }: Spent): string {
  return (simulatedMs / wallMs).toFixed(1)
}

const MEMBERS: Readonly<Record<Slowness, string>> = {
  none: 'all well',
  stopped: 'some stopped',
  'held up': 'some held up',
}

/** Rows of one trouble, without and with Lifeguard's mechanisms. */
export function doubtsReport(doubts: readonly Doubts[]): string {
  const [{ nodes, minutes }] = doubts as readonly [Doubts]
  const slow = Math.round(SLOW_PART * nodes)
  return [
    `${nodes} members, ${minutes} minutes each: ${((nodes * minutes) / 60).toFixed(0)} node-hours a row. Where some are slow, ${slow} of them are: each for`,
    `${range(SPELL_MS)} s, and then well for ${range(WELL_MS)} s, over and over.`,
    '',
    table(
      ['members', 'loss', 'Lifeguard', 'told', 'per node-hour', 'deaths', 'of slow ones', 'deaths'],
      doubts.map((row) => [
        MEMBERS[row.slowness],
        `${row.lossRate * 100} %`,
        row.lifeguard ? 'with' : 'without',
        String(row.ofWell.told),
        (row.ofWell.told / row.nodeHours).toFixed(2),
        String(row.ofWell.deaths),
        row.slowness === 'none' ? '-' : (row.ofSlow.told / row.nodeHours).toFixed(2),
        row.slowness === 'none' ? '-' : String(row.ofSlow.deaths),
      ]),
    ),
    'Told, and deaths, are of members that are never slow; then come those of the others, told for each',
    'node-hour, and deaths. What came before that, in the same time:',
    '',
    table(
      ['members', 'loss', 'Lifeguard', 'probes', 'unanswered', 'accused and answered'],
      doubts.map((row) => [
        MEMBERS[row.slowness],
        `${row.lossRate * 100} %`,
        row.lifeguard ? 'with' : 'without',
        String(row.probes),
        String(row.probesFailed),
        String(row.refutations),
      ]),
    ),
    `Held up is what takes ${range(HELD_UP_MS)} s either way.`,
  ].join('\n')
}

function range([least, most]: readonly [number, number]): string {
  return `${least / 1_000} to ${most / 1_000}`
}

/** Sorted as tables show them. */
export function inOrder(doubts: readonly Doubts[]): Doubts[] {
  const place = (row: DoubtsTask) => {
    return (
      Object.keys(MEMBERS).indexOf(row.slowness) * 10 +
      row.lossRate * 4 +
      Number(row.lifeguard) / 100
    )
  }
  return doubts.toSorted((left, right) => place(left) - place(right))
}

/** The part of the page that is measured. */
export function figures({ growth, doubts, measured, machine }: Results): string[] {
  const parts: string[] = []
  if (growth !== undefined)
    parts.push('### As a cluster grows', '', growthReport(growth).trimEnd(), '')
  if (doubts !== undefined) parts.push('### Held for dead and well', '', doubtsReport(doubts), '')
  for (const [part, { date, loadAverage }] of Object.entries(measured)) {
    parts.push(`- ${part}: ${date}, at a load average of ${loadAverage.toFixed(1)}, this included`)
  }
  parts.push(`- ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}`)
  return parts
}
