import type { Compared } from './comparison.ts'

// Two rows of bars a scheme: how full the fullest member is, and how much moves. Colours follow
// the reader's own scheme.

const SHAPE = '2056,50,2'
const WIDTH = 760
const ROW = 30
const TOP = 84
const LABEL = 176
const PANEL = 250
const GAP = 36

const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #24292f }
  .title { font-weight: 600 }
  .small { font-size: 12px; fill: #57606a }
  .bar { fill: #8c959f }
  .ours { fill: #0969da }
  .axis { stroke: #8c959f }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .small { fill: #9198a1 }
    .bar { fill: #6e7681 }
    .ours { fill: #4493f8 }
    .axis { stroke: #6e7681 }
  }`

interface Panel {
  readonly title: string
  readonly note: string
  readonly valueOf: (row: Compared) => number
  /** How far a bar reaches, from 0 to 1. A value of 1 is the best and reaches nowhere. */
  readonly scale: (value: number) => number
  readonly left: number
}

/** Balance and movement of every scheme, as an SVG picture. */
export function drawComparison(comparison: readonly Compared[]): string {
  const rows = comparison.filter(({ shape }) => shape === SHAPE)
  const moved = (row: Compared) => (row.join.mean + row.leave!.mean) / 2
  const fullest = Math.max(...rows.map(({ maxLoad }) => maxLoad.mean))
  const furthest = Math.max(...rows.map(moved))
  const panels: Panel[] = [
    {
      title: 'Fullest member',
      note: 'slots, times the mean',
      valueOf: (row) => row.maxLoad.mean,
      scale: (value) => (value - 1) / (fullest - 1),
      left: LABEL,
    },
    {
      title: 'Moved by one join or leave',
      note: 'times the least possible; logarithmic',
      valueOf: moved,
      scale: (value) => Math.log(value) / Math.log(furthest),
      left: LABEL + PANEL + GAP,
    },
  ]
  const height = TOP + rows.length * ROW + 14
  const [partitions, members, redundancy] = SHAPE.split(',')
  const heading = `${partitions} partitions, ${members} members, redundancy ${redundancy}; mean of ${rows[0]!.nameSets} sets of names. Bars start at 1, the best.`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="Balance and movement of libring and its peers">`,
    `<style>${STYLE}\n</style>`,
    `<text class="small" x="12" y="22">${heading}</text>`,
    ...rows.map((row, at) => `<text x="12" y="${textY(at)}">${row.scheme}</text>`),
    ...panels.map((panel) => drawPanel(panel, rows)),
    '</svg>\n',
  ].join('\n')
}

function drawPanel(panel: Panel, rows: readonly Compared[]): string {
  const { title, note, valueOf, scale, left } = panel
  const room = PANEL - 52
  const bottom = TOP + rows.length * ROW - 4
  const bars = rows.map((row, at) => {
    const value = valueOf(row)
    const width = Math.max(3, scale(value) * room)
    const isOurs = row.scheme === 'libring balanced'
    return [
      `<rect class="${isOurs ? 'ours' : 'bar'}" x="${left}" y="${TOP + at * ROW}" width="${width.toFixed(1)}" height="${ROW - 12}" rx="2"/>`,
      `<text x="${(left + width + 6).toFixed(1)}" y="${textY(at)}">${value < 10 ? value.toFixed(2) : value.toFixed(1)}</text>`,
    ].join('\n')
  })
  return [
    `<text class="title" x="${left}" y="48">${title}</text>`,
    `<text class="small" x="${left}" y="66">${note}</text>`,
    ...bars,
    `<line class="axis" x1="${left}" y1="${TOP - 8}" x2="${left}" y2="${bottom}"/>`,
  ].join('\n')
}

function textY(row: number): number {
  return TOP + row * ROW + 14
}
