import { table } from '../ring/report.ts'
import { bytesPerNode, CPU_RATIO_MAX, GO_CROWDS, type CrowdFigures } from './crowd.ts'
import type { GroupKind } from './group.ts'
import type { Figures } from './ledger.ts'
import { PARTS, ROWS, TALLIES, type Part } from './rows.ts'
import { SIDE_NAMES, type SideName } from './side.ts'
import { median, ratioOfMedians, type Ratio, type Samples } from './statistics.ts'

/** When something was measured. */
export interface Stamp {
  readonly date: string
  /** At the end, this bench included. */
  readonly loadAverage: number
}

/** Of one profile and size, last. */
export interface Compared extends GroupKind, Record<SideName, Figures> {
  /** By part, as each may be measured alone. */
  readonly measured: Readonly<Partial<Record<Part, Stamp>>>
}

/** What stands in bench/results/gossip.json. */
export interface Results {
  machine: { cpu: string; cores: number; node: string }
  compared: Compared[]
  crowd?: Stamp & { readonly found: CrowdFigures[] }
}

/** The same samples give the same intervals. */
const SEED = 1

const mark = (isMet: boolean): string => (isMet ? '✓' : '✗')
const times = ({ value, low, high }: Ratio): string =>
  `${value.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`

/** Of fewer samples an interval says nothing. */
const SAMPLES_MIN = 5

/** Missed is what lies above by all that is known, not what may; `undefined` where too little is. */
function isMet(samples: readonly Samples[], { low }: Ratio, ratioMax: number): boolean | undefined {
  if (samples.some(({ length }) => length < SAMPLES_MIN)) return undefined
  return !(low > ratioMax)
}

function verdict(isMet: boolean | undefined): string {
  return isMet === undefined ? '?' : mark(isMet)
}

export function kindText({ profile, size, isWarm }: GroupKind): string {
  return `${profile}, ${size} members${isWarm ? ', ours warmed up' : ''}`
}

/** A table of what both sides have numbers for, and one of what went wrong. */
export function comparison({ ours, agents }: Compared): string {
  const rows = ROWS.flatMap(({ series, unit, ratioMax }) => {
    const [mine, theirs] = [ours.series[series] ?? [], agents.series[series] ?? []]
    if (mine.length === 0 || theirs.length === 0) return []
    const ratio = ratioOfMedians(mine, theirs, SEED)
    const digits = unit === '/s' ? 2 : 0
    return [
      [
        unit === 'ms' ? `${series}, ms` : `${series}, ${unit} a node`,
        median(mine).toFixed(digits),
        median(theirs).toFixed(digits),
        times(ratio),
        `${mine.length}, ${theirs.length}`,
        ratioMax === undefined ? '' : verdict(isMet([mine, theirs], ratio, ratioMax)),
      ],
    ]
  })
  const tallies = TALLIES.flatMap(({ count }) => {
    const [mine, theirs] = [ours.counts[count], agents.counts[count]]
    if (mine === undefined || theirs === undefined) return []
    const text = ({ bad, of }: typeof mine) => `${bad} of ${of}`
    return [[count, text(mine), text(theirs), mark(mine.bad === 0)]]
  })
  return [
    table(['medians', 'ours', 'agents', 'ratio (95 %)', 'trials', 'met'], rows),
    ...(tallies.length === 0
      ? []
      : [table(['what should not be', 'ours', 'agents', 'met'], tallies)]),
  ].join('\n')
}

export function crowdReport(found: readonly CrowdFigures[]): string {
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`
  const mega = (bytes: number) => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 2 : 0)} MB`
  const rows = found.map(({ nodes, cpuShare, rss, heapUsed, isWhole }, at) => {
    const go = GO_CROWDS[at]!
    return [
      String(nodes),
      percent(cpuShare),
      percent(go.cpuShare),
      mark(cpuShare <= CPU_RATIO_MAX * go.cpuShare),
      mega(rss),
      mega(go.rss),
      mega(heapUsed),
      isWhole ? 'all' : 'not all',
    ]
  })
  const [mine, theirs] = [bytesPerNode(found), bytesPerNode(GO_CROWDS)]
  const head = [
    'nodes',
    'CPU',
    'CPU, Go',
    'met',
    'resident',
    'resident, Go',
    'heap',
    'hold all alive',
  ]
  return [
    table(head, rows),
    `Each node adds ${mega(mine)} of resident memory, and ${mega(theirs)} with Go: ${mark(mine < theirs)}.`,
  ].join('\n')
}

/** Which parts were measured when, those of one moment together. */
function measuredText({ measured }: Compared): string {
  const parts = new Map<string, Part[]>()
  for (const part of PARTS) {
    const stamp = measured[part]
    if (stamp === undefined) continue
    const text = stampText(stamp)
    parts.set(text, [...(parts.get(text) ?? []), part])
  }
  return `Measured: ${[...parts].map(([text, of]) => `${of.join(', ')} on ${text}`).join('; ')}`
}

function stampText({ date, loadAverage }: Stamp): string {
  return `${date}, load average ${loadAverage.toFixed(1)}`
}

/** All figures of the page. */
export function figureLines({ machine, compared, crowd }: Results): string[] {
  return [
    ...compared.flatMap((one) => [
      `### ${kindText(one)}`,
      '',
      comparison(one),
      `${measuredText(one)}.`,
      '',
    ]),
    ...(crowd === undefined
      ? []
      : [
          '### Many nodes in one process',
          '',
          crowdReport(crowd.found),
          '',
          `Measured on ${stampText(crowd)}.`,
          '',
        ]),
    `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}.`,
  ]
}

/** What was missed, one line each, for the terminal. */
export function misses(compared: readonly Compared[]): string[] {
  return compared.flatMap((figures) => {
    const slow = ROWS.flatMap(({ series, ratioMax }) => {
      const [mine, theirs] = SIDE_NAMES.map((side) => figures[side].series[series] ?? [])
      const ratio = ratioOfMedians(mine!, theirs!, SEED)
      const isMissed = isMet([mine!, theirs!], ratio, ratioMax ?? Infinity) === false
      return !isMissed ? [] : [`${series}: ${times(ratio)}`]
    })
    const wrong = TALLIES.flatMap(({ count }) => {
      const mine = figures.ours.counts[count]
      return mine === undefined || mine.bad === 0 ? [] : [`${count}: ${mine.bad} of ${mine.of}`]
    })
    return [...slow, ...wrong].map((what) => `${kindText(figures)}: ${what}`)
  })
}
