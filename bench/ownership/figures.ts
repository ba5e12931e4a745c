import type { Cost, Costs } from './measure.ts'
import { slowest, table, total, type Results } from './report.ts'
import { PARTITIONS, REDUNDANCY } from './town.ts'

const START = '<!-- figures -->'
const END = '<!-- end of figures -->'

/** The page with its figures replaced by those that were measured last. */
export function withFigures(page: string, results: Results): string {
  const [from, to] = [page.indexOf(START), page.indexOf(END)]
  if (from < 0 || to < from) throw new Error(`the page has no place for figures: ${START} … ${END}`)
  return `${page.slice(0, from + START.length)}\n\n${figures(results)}\n${page.slice(to)}`
}

function figures({ costs = [], machine, date, loadAverage }: Results): string {
  const told = costs.filter(({ membership }) => membership === 'told')
  const gossip = costs.filter(({ membership }) => membership === 'gossip')
  const ends = told.at(-1)
  if (ends === undefined) return 'Nothing was measured yet.\n'
  const run = total(ends.changes)
  const minutes = run.simulatedMs / 60_000
  return [
    `On ${date}, ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, at a load average of`,
    `${loadAverage!.toFixed(1)}; \`npm run bench:ownership\` measures it again. ${PARTITIONS} partitions, redundancy`,
    `${REDUNDANCY}, a change each 10 s: a join, a drain, a crash, a restart in turn. All nodes run in one`,
    'process of the simulator, and processor time is that of the process, shared among them.',
    '',
    'Ownership alone, members being told of each other without gossip. A change is what all nodes do',
    'for it, divided by how many they are; at rest, rings say nothing.',
    '',
    toldTable(told),
    `${minutes.toFixed(0)} simulated minutes of ${ends.members} nodes took ${seconds(run.wallMs)} s, and ${seconds(run.cpuMs)} s of processor`,
    `time, with ${ends.breaches.length === 0 ? 'no promise broken' : `${ends.breaches.length} broken promises`}.`,
    '',
    ...(gossip.length === 0
      ? []
      : [
          'The same over gossip; bytes are all that nodes send, to find each other and to hand over.',
          '',
          gossipTable(gossip),
        ]),
  ].join('\n')
}

function toldTable(costs: readonly Costs[]): string {
  const rows = costs.map((one) => {
    const { members, forming, rest, changes, heapBytes } = one
    const change = mean(changes)
    return [
      String(members),
      (rest.messages / members).toFixed(0),
      ((rest.cpuMs * 1_000) / members / (rest.simulatedMs / 1_000)).toFixed(1),
      (change.messages / members).toFixed(1),
      (change.bytes / members / 1_000).toFixed(2),
      (change.cpuMs / members).toFixed(2),
      seconds(slowest(changes)),
      (forming.messages / members).toFixed(0),
      (heapBytes / 2 ** 20).toFixed(2),
    ]
  })
  const head = [
    'nodes',
    'messages at rest',
    'CPU µs a second at rest',
    'messages a change',
    'kB a change',
    'CPU ms a change',
    'slowest change, s',
    'messages to form',
    'MiB of heap',
  ]
  return table(head, rows)
}

function gossipTable(costs: readonly Costs[]): string {
  const rows = costs.map(({ members, rest, changes, heapBytes }) => {
    const change = mean(changes)
    const restSeconds = rest.simulatedMs / 1_000
    return [
      String(members),
      (rest.bytes / members / restSeconds).toFixed(0),
      (rest.cpuMs / members / restSeconds).toFixed(2),
      (change.messages / members).toFixed(1),
      (change.bytes / members / 1_000).toFixed(1),
      (change.cpuMs / members).toFixed(1),
      seconds(slowest(changes)),
      (heapBytes / 2 ** 20).toFixed(2),
    ]
  })
  const head = [
    'nodes',
    'bytes a second at rest',
    'CPU ms a second at rest',
    'ring messages a change',
    'kB in those 10 s',
    'CPU ms in those 10 s',
    'slowest change, s',
    'MiB of heap',
  ]
  return table(head, rows)
}

function mean(costs: readonly Cost[]): Cost {
  const sum = total(costs)
  const count = Math.max(1, costs.length)
  return {
    simulatedMs: sum.simulatedMs / count,
    wallMs: sum.wallMs / count,
    cpuMs: sum.cpuMs / count,
    messages: sum.messages / count,
    bytes: sum.bytes / count,
    steps: sum.steps / count,
  }
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(1)
}
